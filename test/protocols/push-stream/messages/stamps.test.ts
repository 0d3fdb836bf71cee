import { expect, it } from "vitest";
import { array, assert, boolean, integer, nat, property, record } from "fast-check";
import { PharosError } from "../../../../src/base/errors.js";
import { Stamps } from "../../../../src/protocols/push-stream/messages/stamps.js";
import { savedItems } from "../../../journal/saved-items.js";

const start = 1_767_225_600;
const seconds = 100_500;

function long(): Stamps {
  const stamps = new Stamps(() => start * 1000);
  for (let offset = 1; offset <= seconds; offset += 1)
    stamps.apply({ offset, atMs: (start + 1 + offset) * 1000 });
  return stamps;
}

it("finds the seconds of more than a day", () => {
  const stamps = long();
  for (const offset of [seconds - 86_400, seconds - 50_000, seconds])
    expect(stamps.offsetAt(stamps.of(offset))).toBe(offset);
});

// Bug: a client with such a stamp resumed from the oldest second that was left, and lost the messages before it.
it("takes a second that is no longer stored as the beginning of history", () => {
  const stamps = long();
  expect(stamps.of(100)).toEqual({ time: 0, tag: 0 });
  expect(stamps.offsetAt({ time: start + 1 + 100, tag: 1 })).toBe(0);
});

// A log gives offsets that are not consecutive.
it("gives each publication a stamp of its own, in order, which a start does not change", () => {
  const step = record({ waitMs: nat(1500), isNextRecord: boolean(), by: integer({ min: 1, max: 3 }) });
  assert(
    property(array(step, { maxLength: 40 }), nat(40), (steps, begin) => {
      const lasting = new Stamps(() => start * 1000);
      const restarted = new Stamps(() => start * 1000 + 5_000_000);
      const entries: { readonly offset: number; readonly atMs: number }[] = [];
      let [offset, atMs] = [0, start * 1000];
      let saved: Iterable<unknown> | undefined;
      steps.forEach(({ waitMs, isNextRecord, by }, index) => {
        if (index === begin) saved = savedItems(lasting);
        offset = isNextRecord ? (Math.floor(offset / 4096) + 1) * 4096 : offset + by;
        atMs += waitMs;
        entries.push({ offset, atMs });
        lasting.apply({ offset, atMs });
      });
      for (const item of JSON.parse(JSON.stringify([...(saved ?? savedItems(lasting))])) as unknown[])
        restarted.load(item);
      if (saved !== undefined) for (const entry of entries.slice(begin)) restarted.apply(entry);
      const stamps = entries.map((entry) => lasting.of(entry.offset));
      expect(entries.map((entry) => restarted.of(entry.offset))).toEqual(stamps);
      expect(stamps.map((stamp) => restarted.offsetAt(stamp))).toEqual(entries.map((entry) => entry.offset));
      for (let index = 1; index < stamps.length; index += 1) {
        const [before, after] = [stamps[index - 1], stamps[index]];
        if (before === undefined || after === undefined) throw new Error("both are there");
        expect(after.time > before.time || (after.time === before.time && after.tag > before.tag)).toBe(true);
      }
      expect(restarted.of(0)).toEqual(lasting.of(0));
      expect(restarted.offsetAt({ time: start, tag: 1 })).toBe("other-run");
    }),
    { seed: 1, numRuns: 2000 },
  );
});

it("takes all stamps from before its begin as those of another journal", () => {
  const stamps = new Stamps(() => start * 1000);
  expect(stamps.offsetAt({ time: start, tag: 9 })).toBe("other-run");
  expect(stamps.of(0)).toEqual({ time: start + 1, tag: 1 });
  stamps.apply({ offset: 4096, atMs: start * 1000 });
  expect(stamps.offsetAt(stamps.of(4096))).toBe(4096);
});

// A journal that begins behind its snapshot ends at an offset behind the last publication. Other hubs do not.
it("has one stamp for all offsets behind the last publication", () => {
  const stamps = new Stamps(() => start * 1000);
  stamps.apply({ offset: 4096, atMs: (start + 5) * 1000 });
  expect(stamps.of(8191)).toEqual(stamps.of(4096));
});

it("knows the stamps of messages that it does not have, but not a time that a client has chosen", () => {
  const stamps = new Stamps(() => start * 1000);
  stamps.apply({ offset: 4096, atMs: (start + 5) * 1000 });
  const cases = [-1, 0, 1, 2].map((tag) => stamps.offsetAt({ time: start + 5, tag }));
  expect(cases).toEqual([4096, 4095, 4096, "ahead"]);
  expect([-1, 0, 1].map((tag) => stamps.offsetAt({ time: start + 6, tag }))).toEqual([4096, 4096, "ahead"]);
});

it.each([null, {}, { start: 1 }, { time: 1 }, { time: "1", first: 1 }])("does not load %j", (item) => {
  expect(() => new Stamps(() => 0).load(item)).toThrow(PharosError);
});
