import { describe, expect, it } from "vitest";
import { RequestQueue } from "../../../src/gateway/limits/request-queue.js";

describe("the requests of one connection", () => {
  it("are given out one at a time, in order, each after the answer to the one before", () => {
    const queue = new RequestQueue<string>();
    for (const request of ["a", "b"]) queue.add(request);
    expect(queue.next()).toBe("a");
    expect(queue.next(), "a is not answered").toBeUndefined();
    queue.answered();
    expect(queue.next()).toBe("b");
    queue.answered();
    expect(queue.next()).toBeUndefined();
    expect(queue.isBusy).toBe(false);
  });

  it("are too many when 16 wait behind the one that is being answered", () => {
    const queue = new RequestQueue<number>();
    queue.add(0);
    queue.next();
    for (let request = 1; request <= 16; request += 1) {
      expect(queue.isFull).toBe(false);
      queue.add(request);
    }
    expect(queue.isFull).toBe(true);
    expect(queue.clear()).toHaveLength(16);
    expect(queue.waiting).toEqual([]);
    expect(queue.isBusy, "the first is still being answered").toBe(true);
  });
});
