import { expect, it } from "vitest";
import { atMost } from "../../src/base/at-most.js";
import { VirtualClock } from "../support/virtual-clock.js";

it("ends with the work, and leaves no timer", async () => {
  const clock = new VirtualClock();
  await atMost(clock, 100, Promise.resolve());
  expect(clock.timers).toBe(0);
});

it("ends when the time is up, though the work does not", async () => {
  const clock = new VirtualClock();
  const ended = atMost(clock, 100, new Promise(() => undefined));
  clock.advance(100);
  await expect(ended).resolves.toBeUndefined();
});

it("fails if the work fails", async () => {
  await expect(atMost(new VirtualClock(), 100, Promise.reject(new Error("no")))).rejects.toThrow("no");
});
