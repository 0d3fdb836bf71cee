import { expect, it } from "vitest";
import { Waiters } from "../../src/base/waiters.js";

it("resolves each promise when its own condition holds, at the next look", async () => {
  const waiters = new Waiters();
  let count = 0;
  const reached: number[] = [];
  for (const wanted of [0, 1, 2]) void waiters.until(() => count >= wanted).then(() => reached.push(wanted));
  await Promise.resolve();
  expect(reached).toEqual([0]);
  count = 1;
  await Promise.resolve();
  expect(reached, "nobody has looked").toEqual([0]);
  waiters.look();
  await Promise.resolve();
  expect(reached).toEqual([0, 1]);
  count = 2;
  waiters.look();
  waiters.look();
  await Promise.resolve();
  expect(reached).toEqual([0, 1, 2]);
});
