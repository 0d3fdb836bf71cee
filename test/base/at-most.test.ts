import { expect, it } from "vitest";
import { atMost, unlessAborted } from "../../src/base/at-most.js";
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

const never = new Promise<never>(() => undefined);

it("gives the result, or the error, of work that ends before the signal aborts", async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(signal, Promise.resolve(7))).toBe(7);
  await expect(unlessAborted(signal, Promise.reject(new Error("no")))).rejects.toThrow("no");
});

it("does not wait for work after the signal has aborted", async () => {
  const aborting = new AbortController();
  const waiting = unlessAborted(aborting.signal, never).catch((error: unknown) => error);
  aborting.abort();
  expect(await waiting).toMatchObject({ code: "closed" });
  await expect(unlessAborted(aborting.signal, never)).rejects.toMatchObject({ code: "closed" });
  await expect(unlessAborted(aborting.signal, Promise.reject(new Error("late")))).rejects.toMatchObject({
    code: "closed",
  });
});
