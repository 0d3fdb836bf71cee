/**
 * Counts by bucket, in the format of the load generator. Each octave, from a delay to twice the delay, has 32 buckets.
 */
export type Buckets = readonly (readonly [bucket: number, count: number])[];

/** The delay in the middle of a bucket, in microseconds. */
export function bucketUs(bucket: number): number {
  if (bucket < 32) return bucket;
  const width = 2 ** (Math.floor(bucket / 32) - 1);
  return (32 + (bucket % 32)) * width + width / 2;
}

/** Adds the counts of several processes. */
export function mergeBuckets(all: readonly Buckets[]): Buckets {
  const merged = new Map<number, number>();
  for (const [bucket, count] of all.flat()) merged.set(bucket, (merged.get(bucket) ?? 0) + count);
  return [...merged].sort(([a], [b]) => a - b);
}

/**
 * The percentile of the delays, in milliseconds: `share` of all events had at most this delay. `undefined` if there are
 * no events.
 */
export function percentileMs(buckets: Buckets, share: number): number | undefined {
  const total = buckets.reduce((sum, [, count]) => sum + count, 0);
  let left = Math.ceil(total * share);
  for (const [bucket, count] of buckets) {
    left -= count;
    if (left <= 0) return bucketUs(bucket) / 1000;
  }
  return undefined;
}
