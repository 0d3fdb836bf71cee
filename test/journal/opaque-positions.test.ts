import { expect, it, test } from "vitest";
import { assert, maxSafeNat, property } from "fast-check";
import { parsePublication } from "../../src/hub/publications/publication.js";
import type { Epoch } from "../../src/hub/publications/position.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import { createPositionKey, OpaquePositions } from "../../src/journal/opaque-positions.js";
import { silentMetrics } from "../../src/base/metrics.js";
import { VirtualClock } from "../support/virtual-clock.js";

const [epoch, other] = ["mine", "other"] as Epoch[] as [Epoch, Epoch];
const key = createPositionKey();

function positionsOf(...known: Epoch[]): OpaquePositions {
  return new OpaquePositions({ key, epochs: new Set(known) });
}

test("an opaque position is read back, and is of its epoch", () => {
  const positions = positionsOf(epoch);
  assert(
    property(maxSafeNat(), (offset) => {
      const id = positions.format({ epoch, offset });
      expect(id).toMatch(/^#mine:[\w-]{22}$/);
      expect(positions.parse(id)).toEqual({ epoch, offset });
    }),
    { seed: 1 },
  );
});

it("tells nothing of its offset: neighbours have nothing in common", () => {
  const positions = positionsOf(epoch);
  const heads = Array.from({ length: 200 }, (_each, offset) =>
    positions.format({ epoch, offset }).slice(6, 10),
  );
  expect(new Set(heads).size).toBeGreaterThan(195);
});

it.each(["#mine:42", "#mine:", "mine:AAAAAAAAAAAAAAAAAAAAAA", "#mine:AAAAAAAAAAAAAAAAAAAAAA", "", "#mine"])(
  "is not forged: %j",
  (id) => {
    expect(positionsOf(epoch).parse(id)).toBeUndefined();
  },
);

it("of another epoch, plain or opaque, is known as such", () => {
  const positions = positionsOf(epoch);
  expect(positions.parse("#other:42")).toEqual({ epoch: other, offset: 0 });
  const foreign = positionsOf(other).format({ epoch: other, offset: 7 });
  expect(positions.parse(foreign)).toEqual({ epoch: other, offset: 0 });
});

test("ids of an earlier epoch are read with the same key, but not with another", () => {
  const id = positionsOf(other).format({ epoch: other, offset: 42 });
  expect(positionsOf(epoch, other).parse(id)).toEqual({ epoch: other, offset: 42 });
  const foreign = new OpaquePositions({ key: createPositionKey(), epochs: new Set([epoch, other]) });
  expect(foreign.parse(id)).toBeUndefined();
});

it("is where a journal resumes", () => {
  const journal = new MemoryJournal({
    epochs: EpochChain.of(epoch),
    clock: new VirtualClock(),
    metrics: silentMetrics,
    positions: positionsOf(epoch),
  });
  const ids = ["a", "b"].map((data) => journal.append(parsePublication({ topics: ["t"], data })).id);
  expect(ids.map((id) => journal.history.locate(id))).toEqual([
    { kind: "at", offset: 1 },
    { kind: "at", offset: 2 },
  ]);
  expect(journal.history.locate("#mine:1")).toEqual({ kind: "lost", reason: "unknown-id" });
  expect(journal.history.locate("#other:1")).toEqual({ kind: "lost", reason: "other-epoch" });
  expect(journal.history.idAt(2)).toBe(ids[1]);
});
