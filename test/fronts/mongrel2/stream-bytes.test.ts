import { expect, test } from "vitest";

import type { FanoutCohort } from "../../../src/delivery/cohort-source.js";
import { StreamBytes } from "../../../src/fronts/mongrel2/stream-bytes.js";

/** Cohorts are only compared. */
const cohort = (): FanoutCohort => ({}) as FanoutCohort;

test("a stream gets its own bytes, and those of the rounds while it is a member", () => {
  const bytes = new StreamBytes();
  const [a, b] = [cohort(), cohort()];
  bytes.wroteRound(a, 1000);
  bytes.wrote(1, 10);
  bytes.joined(1, a);
  bytes.wroteRound(a, 200);
  bytes.wroteRound(b, 5000);
  bytes.joined(2, a);
  bytes.wroteRound(a, 30);
  bytes.left(1);
  bytes.wroteRound(a, 7000);
  bytes.joined(1, b);
  bytes.wroteRound(b, 4);
  expect(bytes.take(1)).toBe(10 + 200 + 30 + 4);
  expect(bytes.take(2)).toBe(30 + 7000);
});

test("a stream that is taken is forgotten", () => {
  const bytes = new StreamBytes();
  const round = cohort();
  bytes.joined(1, round);
  bytes.wroteRound(round, 5);
  expect(bytes.take(1)).toBe(5);
  bytes.left(1);
  expect(bytes.take(1)).toBe(0);
});
