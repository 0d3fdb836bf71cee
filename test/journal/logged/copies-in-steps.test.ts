import { expect, it } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { copyInSteps } from "../../../src/base/turn-budget.js";
import type { SavedItems, SnapshotPart } from "../../../src/journal/snapshot-part.js";
import { waitFor } from "../../support/wait-for.js";
import { LoggedSite } from "./logged-site.js";

const steps = 20;

/** Counts entries, and copies its count in several steps. */
class SteppedPart implements SnapshotPart {
  readonly name = "stepped";
  count = 0;
  /** The count at each step of the first copy. */
  readonly counts: number[] = [];
  readonly #turn: () => number;
  readonly turns = new Set<number>();

  constructor(turn: () => number) {
    this.#turn = turn;
  }

  save(): SavedItems {
    return { inSteps: this.#copy() };
  }

  load(): void {
    this.count = 0;
  }

  *#copy(): Generator<undefined, Iterable<unknown>> {
    for (let step = 0; step < steps; step += 1) {
      this.counts.push(this.count);
      this.turns.add(this.#turn());
      yield undefined;
    }
    return [{ count: this.count }];
  }
}

// All parts were copied in one turn: 30 ms for 100,000 topics, 100,000 ids and 120,000 retained values, and more with
// larger limits.
it("copies a large state in several turns, and applies no record meanwhile", async () => {
  let turn = 0;
  let atMs = 0;
  const clock = {
    ...systemClock,
    // Each look at the clock uses up the time of a turn.
    monotonic: () => (atMs += 10),
  };
  const part = new SteppedPart(() => turn);
  const site = await LoggedSite.open({ parts: [part], clock, follower: () => void (part.count += 1) });
  const nextTurn = (): void => {
    turn += 1;
    if (site.store.snapshots.size === 0) setImmediate(nextTurn);
  };
  nextTurn();
  const large = "x".repeat(1024 * 1024);
  const published = Array.from({ length: 100 }, () => site.publish(large));
  await waitFor(() => site.store.snapshots.size > 0, { within: 20_000, missing: "a snapshot" });
  await Promise.all(published);
  const [[sequence = 0, chunks = []] = []] = site.store.snapshots;
  expect(part.counts.slice(0, steps)).toEqual(Array.from({ length: steps }, () => part.counts[0]));
  expect(part.turns.size).toBeGreaterThan(1);
  expect(String(Buffer.concat([...chunks]))).toContain(`["stepped",{"count":${part.counts[0]}}]`);
  // The snapshot has exactly the entries up to its record.
  const again = new SteppedPart(() => 0);
  const later = new LoggedSite({
    store: site.store,
    parts: [again],
    follower: () => void (again.count += 1),
  });
  await later.open();
  expect(sequence).toBeGreaterThan(0);
  expect((part.counts[0] ?? 0) + again.count).toBe(100);
});

it("copies a few thousand items in a step", () => {
  const copied: number[] = [];
  const items = Array.from({ length: 10_000 }, (_, index) => index);
  const sizes: number[] = [];
  for (const _ of copyInSteps(items, (item) => void copied.push(item))) sizes.push(copied.length);
  expect(sizes).toEqual([4096, 8192]);
  expect(copied).toEqual(items);
});
