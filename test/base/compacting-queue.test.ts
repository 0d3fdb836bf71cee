import { expect, it } from "vitest";
import { CompactingQueue } from "../../src/base/compacting-queue.js";

it("gives items in the order in which they were pushed, however many are dropped at once", () => {
  const queue = new CompactingQueue<number>();
  const expected: number[] = [];
  const shifted: (readonly [number | undefined, number | undefined])[] = [];
  let next = 0;
  // With this number of steps, the queue copies its array several times.
  for (let step = 0; step < 10_000; step += 1) {
    for (let count = step % 4; count > 0; count -= 1) {
      queue.push(next);
      expected.push(next);
      next += 1;
    }
    if (step % 7 === 0) {
      const count = Math.min(queue.length, step % 11);
      queue.drop(count);
      expected.splice(0, count);
    } else if (step % 3 === 0) {
      shifted.push([queue.shift(), expected.shift()]);
    }
    expect([queue.length, queue.first, queue.last, queue.at(1)]).toEqual([
      expected.length,
      expected[0],
      expected.at(-1),
      expected[1],
    ]);
  }
  expect(shifted.map(([item]) => item)).toEqual(shifted.map(([, item]) => item));
});

it("keeps only the items that are wanted", () => {
  const queue = new CompactingQueue<number>();
  for (let item = 0; item < 10; item += 1) queue.push(item);
  queue.drop(3);
  queue.retainOnly((item) => item % 2 === 0);
  expect([queue.shift(), queue.shift(), queue.shift(), queue.shift()]).toEqual([4, 6, 8, undefined]);
});
