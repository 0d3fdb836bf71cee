import { countLeading } from "../../base/binary-search.js";
import type { LogLimits, Sequence } from "../log/log.js";
import type { Segment } from "./segment.js";

/** The segments of a log, oldest first. The last segment gets the new records. */
export class Segments {
  readonly #all: Segment[];
  /** The number of the newest durable record. */
  head: Sequence;

  constructor(all: readonly Segment[], head: Sequence) {
    this.#all = [...all];
    this.head = head;
  }

  get all(): readonly Segment[] {
    return this.#all;
  }

  get first(): Sequence {
    return this.#all[0]?.first ?? this.head + 1;
  }

  get bytes(): number {
    return this.#all.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Adds the segment for the records after {@link head}. Replaces a segment that has no record. */
  add(segment: Segment): void {
    if (this.#all.at(-1)?.first === segment.first) this.#all.pop();
    this.#all.push(segment);
  }

  /** The segment that holds the record, or that would hold it. Undefined if the record is older than all segments. */
  holding(sequence: Sequence): Segment | undefined {
    return this.#all[this.#indexOf(sequence)];
  }

  /** The last record that counts: a segment ends where the next one begins, whatever lies behind. */
  lastOf(segment: Segment): Sequence {
    const next = this.#all[this.#indexOf(segment.first) + 1];
    return next === undefined ? this.head : next.first - 1;
  }

  /** An estimate: within a segment, all records count as equally large. */
  bytesAfter(after: Sequence): number {
    let bytes = 0;
    for (const segment of this.#all.slice(Math.max(0, this.#indexOf(after + 1)))) {
      const last = this.lastOf(segment);
      const records = last - segment.first + 1;
      const wanted = Math.min(records, last - after);
      if (wanted > 0) bytes += Math.round((segment.bytes * wanted) / records);
    }
    return bytes;
  }

  /**
   * Takes out the oldest segments, as far as the limits want it, and returns them. Keeps the last segment, and all
   * records after `needed`.
   */
  trim(limits: LogLimits, needed: Sequence, nowMs: number): Segment[] {
    let excess = this.bytes - limits.bytes;
    const oldestMs = nowMs - limits.ageSeconds * 1000;
    const count = countLeading(this.#all.length - 1, (index) => {
      const segment = this.#all[index];
      return segment !== undefined && this.lastOf(segment) <= needed;
    });
    let trimmed = 0;
    for (const { bytes, modifiedMs } of this.#all.slice(0, count)) {
      if (excess <= 0 && modifiedMs >= oldestMs) break;
      excess -= bytes;
      trimmed += 1;
    }
    return this.#all.splice(0, trimmed);
  }

  #indexOf(sequence: Sequence): number {
    return countLeading(this.#all.length, (index) => (this.#all[index]?.first ?? Infinity) <= sequence) - 1;
  }
}
