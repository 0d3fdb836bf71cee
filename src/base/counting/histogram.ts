import type { BucketCounts, Labels, Repeated, Sample } from "../metrics.js";

/** Counts values by size: the number of values in each bucket, and the sum of all values. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds the largest value of each bucket, ascending; one more bucket counts all larger values */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  add(added: number | Repeated): void {
    if (typeof added === "number") this.#add(added, 1);
    else this.#add(added.value, added.times);
  }

  /** Adds the values of another histogram with the same bounds. */
  merge({ counts, sum }: BucketCounts): void {
    for (const [bucket, count] of counts.entries())
      this.#counts[bucket] = (this.#counts[bucket] ?? 0) + count;
    this.#sum += sum;
  }

  #add(value: number, times: number): void {
    let bucket = 0;
    while (value > (this.#bounds[bucket] ?? Infinity)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#sum += value * times;
  }

  get counts(): BucketCounts {
    return { counts: [...this.#counts], sum: this.#sum };
  }

  /** The samples in Prometheus' form: each bucket counts all values up to its bound. */
  samples(name: string, labels: Labels): readonly Sample[] {
    let count = 0;
    const buckets = this.#counts.map((own, index) => {
      count += own;
      const le = String(this.#bounds[index] ?? "+Inf");
      return { name: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    return [
      ...buckets,
      { name: `${name}_sum`, labels, value: this.#sum },
      { name: `${name}_count`, labels, value: count },
    ];
  }
}
