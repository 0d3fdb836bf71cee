import { countLeading } from "../../base/binary-search.js";
import type { Sequence } from "../log/log.js";
import type { Segment } from "./segment.js";

export interface SegmentTrim {
  readonly mostBytes: number;
  /** The last record that nobody reads any more. */
  readonly expired: Sequence;
  /** The records after this one stay. */
  readonly needed: Sequence;
}

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

  /** The last segment has a record. */
  get endsWithRecord(): boolean {
    return (this.#all.at(-1)?.first ?? Infinity) <= this.head;
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
   * Takes out the oldest segments, and returns them: those above the limit, and those whose records have all expired.
   * Keeps the last segment, and all records after `needed`.
   */
  trim({ mostBytes, expired, needed }: SegmentTrim): Segment[] {
    let excess = this.bytes - mostBytes;
    let trimmed = 0;
    for (const segment of this.#all.slice(0, -1)) {
      const last = this.lastOf(segment);
      if (last > needed || (excess <= 0 && last > expired)) break;
      excess -= segment.bytes;
      trimmed += 1;
    }
    return this.#all.splice(0, trimmed);
  }

  #indexOf(sequence: Sequence): number {
    return countLeading(this.#all.length, (index) => (this.#all[index]?.first ?? Infinity) <= sequence) - 1;
  }
}
