import type { Sequence } from "../log/log.js";
import { SnapshotItem } from "../snapshot-item.js";
import type { SnapshotPart } from "../snapshot-part.js";

/** The periods that an age is divided into: old records are noticed one percent of the age too late at most. */
const periodsPerAge = 100;

/** The shortest period, in milliseconds. */
const leastPeriodMs = 1000;

/** Twice the periods of an age. The oldest ones are not needed: records before them are old too. */
const mostEnds = 2 * periodsPerAge;

/** A record, and the time of the log at this record. */
export interface RecordTime {
  readonly sequence: Sequence;
  /** In milliseconds since 1970. Not less than that of any earlier record. */
  readonly atMs: number;
}

/** Knows which records are older than a time. Keeps the last record of each period of time. */
export class RecordTimes implements SnapshotPart {
  readonly name = "times";
  readonly periodMs: number;
  /** The last records of the periods before the newest one, oldest first. */
  readonly #ends: RecordTime[] = [];
  #newest: RecordTime | undefined;

  /** @param ageMs the age at which a record is old */
  constructor(ageMs: number) {
    this.periodMs = Math.max(leastPeriodMs, ageMs / periodsPerAge);
  }

  /** Adds the next record. */
  add(record: RecordTime): void {
    const newest = this.#newest;
    if (newest !== undefined && this.#periodOf(newest) !== this.#periodOf(record)) this.#ends.push(newest);
    if (this.#ends.length > mostEnds) this.#ends.shift();
    this.#newest = record;
  }

  /** The last record that is older than this time, or one at most a period earlier; 0 if there is none. */
  lastBefore(atMs: number): Sequence {
    if (this.#newest !== undefined && this.#newest.atMs < atMs) return this.#newest.sequence;
    return this.#ends.findLast((end) => end.atMs < atMs)?.sequence ?? 0;
  }

  save(): Iterable<unknown> {
    return this.#newest === undefined ? [...this.#ends] : [...this.#ends, this.#newest];
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    this.add({ sequence: fields.count("sequence"), atMs: fields.count("atMs") });
  }

  #periodOf({ atMs }: RecordTime): number {
    return Math.floor(atMs / this.periodMs);
  }
}
