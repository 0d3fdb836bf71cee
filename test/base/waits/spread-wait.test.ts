import { expect, it } from "vitest";
import { spreadWait } from "../../../src/base/waits/spread-wait.js";

const nearlyOne = 1 - Number.EPSILON;

it.each([
  [5000, 0, 5000],
  [5000, 0.5, 6250],
  [5000, nearlyOne, 7500],
  [10, nearlyOne, 15],
  [1, 0, 1],
  [1, 0.49, 1],
  [1, 0.5, 2],
  [1, nearlyOne, 2],
  [3, nearlyOne, 5],
  [0, nearlyOne, 0],
])("a wait of %d with the random number %d is %d", (wait, random, expected) => {
  expect(spreadWait(wait, random)).toBe(expected);
});

// Bug: all clients of a hub that stopped came back at the same moment.
it("differs from client to client", () => {
  const waits = Array.from({ length: 100 }, () => spreadWait(5000));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(5000);
  expect(Math.max(...waits)).toBeLessThanOrEqual(7500);
  expect(new Set(waits).size).toBeGreaterThan(1);
});
