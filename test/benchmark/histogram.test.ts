import { expect, test } from "vitest";
import { bucketUs, mergeBuckets, percentileMs } from "../../scripts/benchmark/statistics/histogram.js";

/** The formula of checker.c. */
function bucketOf(us: number): number {
  if (us < 32) return us;
  const exponent = Math.floor(Math.log2(us));
  return (exponent - 4) * 32 + (Math.floor(us / 2 ** (exponent - 5)) % 32);
}

test("a delay is stored with an error of at most 2%", () => {
  for (let us = 1; us < 2e9; us = Math.ceil(us * 1.01)) {
    expect(Math.abs(bucketUs(bucketOf(us)) - us) / us).toBeLessThan(us < 32 ? 1e-9 : 0.02);
  }
});

test("percentiles are taken over the counts of all processes", () => {
  const one = [
    [bucketOf(1000), 98],
    [bucketOf(50_000), 1],
  ] as const;
  const merged = mergeBuckets([one, [[bucketOf(50_000), 1]]]);
  expect(percentileMs(merged, 0.5)).toBeCloseTo(1, 1);
  expect(percentileMs(merged, 0.98)).toBeCloseTo(1, 1);
  expect(percentileMs(merged, 0.99)).toBeCloseTo(50, -1);
});

test("without any delay there is no percentile", () => {
  expect(percentileMs([], 0.99)).toBeUndefined();
});
