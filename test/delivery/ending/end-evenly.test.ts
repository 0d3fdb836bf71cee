import { expect, test } from "vitest";
import { EndEvenly } from "../../../src/delivery/ending/end-evenly.js";
import { VirtualClock } from "../../support/virtual-clock.js";

/** Ends the items over this time, and records when each of them ended. */
class Ends {
  readonly clock = new VirtualClock();
  readonly atMs: number[] = [];
  readonly items: Set<number>;
  over = 0;
  readonly evenly: EndEvenly<number>;

  constructor(count: number, overMs: number) {
    const items = new Set(Array.from({ length: count }, (_, index) => index));
    this.items = items;
    this.evenly = new EndEvenly({
      clock: this.clock,
      count,
      items,
      overMs,
      end: (item) => {
        items.delete(item);
        this.atMs.push(this.clock.monotonic());
      },
      ended: () => void (this.over += 1),
    });
  }
}

test("the first item ends at once, and the others evenly", () => {
  const ends = new Ends(5, 1000);
  expect(ends.atMs).toEqual([0]);
  ends.clock.advance(1000);
  expect(ends.atMs).toEqual([0, 200, 400, 600, 800]);
  expect([ends.over, ends.clock.timers]).toEqual([1, 0]);
});

test("no second has more than its share of 10,000 items", () => {
  const ends = new Ends(10_000, 5000);
  ends.clock.advance(5000);
  const counts = [0, 0, 0, 0, 0];
  for (const atMs of ends.atMs) {
    const second = Math.min(4, Math.floor(atMs / 1000));
    counts[second] = (counts[second] ?? 0) + 1;
  }
  expect(counts.reduce((sum, count) => sum + count)).toBe(10_000);
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThanOrEqual(40);
});

test.each([
  ["without items", 0, 1000],
  ["without a time", 3, 0],
])("%s, the end is at once", (_name, count, overMs) => {
  const ends = new Ends(count, overMs);
  expect([ends.atMs.length, ends.over, ends.clock.timers]).toEqual([count, 1, 0]);
});

test("items that are added meanwhile end with the last ones", () => {
  const ends = new Ends(2, 1000);
  ends.clock.advance(100);
  ends.items.add(10).add(11);
  ends.clock.advance(900);
  expect(ends.atMs).toEqual([0, 500, 1000, 1000]);
  expect(ends.over).toBe(1);
});

test("the steps end with the last item, also if items have left by themselves", () => {
  const ends = new Ends(10, 1000);
  ends.items.clear();
  ends.clock.advance(100);
  expect([ends.atMs.length, ends.over, ends.clock.timers]).toEqual([1, 1, 0]);
});

test("nothing ends after a cancel", () => {
  const ends = new Ends(2, 1000);
  ends.evenly.cancel();
  ends.clock.advance(2000);
  expect([ends.atMs, ends.over, ends.clock.timers]).toEqual([[0], 0, 0]);
});
