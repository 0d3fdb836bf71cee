import { expect, it } from "vitest";
import { ByteQueue } from "../../../src/base/bytes/byte-queue.js";
import { Random } from "../../support/random.js";

it("gives back the bytes in order, whatever the pieces in which they come and go", () => {
  for (let seed = 1; seed <= 100; seed += 1) {
    const random = new Random(seed);
    const all = Buffer.from(Array.from({ length: 2000 }, () => random.below(256)));
    const queue = new ByteQueue();
    const got: Buffer[] = [];
    for (let added = 0; added < all.length || queue.length > 0;) {
      const end = Math.min(all.length, added + random.below(300));
      queue.add(all.subarray(added, end));
      added = end;
      const count = random.below(200);
      const before = queue.length;
      const piece = queue.peek(Math.min(count, added === all.length ? before : count));
      expect(piece === undefined).toBe(count > before && added < all.length);
      if (piece === undefined) continue;
      got.push(Buffer.from(piece));
      queue.drop(piece.length);
      expect(queue.length).toBe(before - piece.length);
    }
    expect(Buffer.concat(got)).toEqual(all);
  }
});

it("does not join the pieces while there are too few bytes", () => {
  const queue = new ByteQueue();
  const first = Buffer.from("ab");
  queue.add(first);
  queue.add(Buffer.from("cd"));
  expect(queue.peek(5)).toBeUndefined();
  expect(queue.peek(2)?.buffer).toBe(first.buffer);
  expect(queue.peek(4)?.toString()).toBe("abcd");
});
