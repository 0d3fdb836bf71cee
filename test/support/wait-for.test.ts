import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { before, Changes, DeadlineError, waitFor, waitForEvent } from "./wait-for.js";

test("a deadline says what was missing as it stands then", async () => {
  let missing = "two";
  const late = before(new Promise(() => undefined), { within: 5, missing: () => `${missing} clients` });
  missing = "one";
  await expect(late).rejects.toThrow(new DeadlineError({ within: 5, missing: "one clients" }));
});

test("an event is waited for and leaves no listener behind", async () => {
  const emitter = new EventEmitter();
  const seen = waitForEvent(emitter, "up", { within: 60_000, missing: "up" });
  emitter.emit("up", 7);
  expect(await seen).toBe(7);
  expect(emitter.listenerCount("up")).toBe(0);
});

test("a probe is repeated until it gives a value", async () => {
  let looks = 0;
  const value = await waitFor(() => (++looks === 3 ? "found" : undefined), {
    within: 60_000,
    everyMs: 1,
    missing: "x",
  });
  expect([value, looks]).toEqual(["found", 3]);
});

test("changes wake every waiting predicate at once", async () => {
  const changes = new Changes();
  let value = 0;
  const held = changes.until(() => value === 2, { within: 60_000, missing: "2" });
  for (value = 1; value < 3; value += 1) changes.changed();
  await expect(held).resolves.toBeUndefined();
});
