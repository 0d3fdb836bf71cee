import type { Sequence } from "../log/log.js";

/** One mark for each 1024th of the log's limit, so that the marks need about 64 KiB. */
const marksPerLimit = 1024;

interface Mark {
  readonly sequence: Sequence;
  /** The bytes of all records up to this one, counted from the first record that this hub took. */
  readonly bytes: number;
}

/** The bytes and the first number of a log, as the engine knows them. */
export interface LogExtent {
  readonly first: Sequence;
  readonly head: Sequence;
  readonly bytes: number;
}

/**
 * An estimate of how many bytes lie after a record. The engine knows only the sum. So this hub counts the records that
 * it takes, and assumes that older records have the average size.
 */
export class RecordSizes {
  readonly #stepBytes: number;
  #marks: Mark[] = [];
  #last: Mark;

  constructor(options: { readonly after: Sequence; readonly limitBytes: number }) {
    this.#stepBytes = Math.max(1, options.limitBytes / marksPerLimit);
    this.#last = { sequence: options.after, bytes: 0 };
  }

  /** Counts a record that this hub has taken. */
  add(record: { readonly sequence: Sequence; readonly bytes: number }): void {
    const bytes = this.#last.bytes + record.bytes;
    this.#last = { sequence: record.sequence, bytes };
    const newest = this.#marks.at(-1);
    if (newest === undefined || bytes - newest.bytes >= this.#stepBytes) this.#marks.push(this.#last);
  }

  /** Forgets what the log no longer has. */
  trim(first: Sequence): void {
    const kept = this.#marks.findIndex(({ sequence }) => sequence >= first);
    this.#marks = kept < 0 ? [] : this.#marks.slice(kept);
  }

  /** The bytes of all records after a record. */
  bytesAfter(after: Sequence, extent: LogExtent): number {
    const { first, head, bytes } = extent;
    if (after >= head) return 0;
    if (after < first) return bytes;
    const next = this.#marks.find(({ sequence }) => sequence > after);
    if (next === undefined) return (bytes / (head - first + 1)) * (head - after);
    const counted = this.#last.bytes - next.bytes;
    return next === this.#marks[0]
      ? counted + this.#average(extent, next) * (next.sequence - after)
      : counted;
  }

  /** The newest record after which at least `bytes` lie; 0 if there is none. */
  cut(bytes: number, extent: LogExtent): Sequence {
    const counted = this.#marks.findLast((mark) => this.#last.bytes - mark.bytes >= bytes);
    if (counted !== undefined) return counted.sequence;
    const oldest = this.#marks[0];
    if (oldest === undefined) return 0;
    const missing = bytes - (this.#last.bytes - oldest.bytes);
    const records = Math.ceil(missing / Math.max(1, this.#average(extent, oldest)));
    return Math.max(0, oldest.sequence - records);
  }

  /** The average size of the records before the first mark. */
  #average({ first, bytes }: LogExtent, oldest: Mark): number {
    const records = oldest.sequence - first + 1;
    return records <= 0 ? 0 : Math.max(0, bytes - (this.#last.bytes - oldest.bytes)) / records;
  }
}
