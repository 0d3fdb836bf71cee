import type { Sequence, StoredRecord } from "../log/log.js";
import type { DiskFiles } from "./files/files.js";
import { openExisting } from "./files/open-existing.js";
import { RecordReader } from "./format/record-reader.js";
import type { Segment } from "./segment.js";
import type { Segments } from "./segments.js";

/** Records that a segment no longer has. */
export interface DamagedRange {
  readonly file: string;
  /** The range of bytes. */
  readonly from: number;
  readonly to: number;
  /** The numbers of the lost records. */
  readonly firstLost: Sequence;
  readonly lastLost: Sequence;
}

export interface LogCursorOptions {
  readonly files: DiskFiles;
  readonly segments: Segments;
  readonly after: Sequence;
  readonly onDamage: (range: DamagedRange) => void;
  /** The bytes of one read. */
  readonly chunkBytes?: number;
}

/** A segment that the cursor reads: up to the records that were durable when it was opened. */
interface OpenSegment {
  readonly segment: Segment;
  readonly reader: RecordReader;
  readonly upTo: Sequence;
  /** The position behind the last frame that was read. */
  position: number;
}

/**
 * Reads the records of all segments, in order, from one record on up to the head. Leaves out damaged records and those
 * of segments that are no longer there. Holds at most one file open.
 */
export class LogCursor {
  readonly #options: LogCursorOptions;
  #open: OpenSegment | undefined;
  #passed: Sequence;

  constructor(options: LogCursorOptions) {
    this.#options = options;
    this.#passed = options.after;
  }

  /** All records up to this number were returned, or are lost. */
  get passed(): Sequence {
    return this.#passed;
  }

  /** The next records. Empty if there are none up to the head. */
  async next(): Promise<readonly StoredRecord[]> {
    const { segments } = this.#options;
    while (this.#passed < segments.head) {
      const open = this.#open ?? (await this.#openNext());
      if (open === undefined) continue;
      const records = await this.#read(open);
      if (records.length > 0) return records;
    }
    return [];
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.reader.close();
  }

  async #openNext(): Promise<OpenSegment | undefined> {
    const { files, segments, chunkBytes } = this.#options;
    const segment = segments.holding(this.#passed + 1);
    if (segment === undefined) {
      this.#passed = segments.first - 1;
      return undefined;
    }
    const upTo = segments.lastOf(segment);
    const { key, bytes } = segment;
    const position = segment.positionBefore(this.#passed + 1);
    const file = key === undefined ? undefined : await openExisting(files, segment.path);
    if (key === undefined || file === undefined) {
      if (segments.all.includes(segment)) this.#lose({ segment, position: 0 }, upTo, bytes);
      return undefined;
    }
    const reader = new RecordReader(file, {
      key,
      from: position,
      to: bytes,
      ...(chunkBytes === undefined ? {} : { chunkBytes }),
    });
    this.#open = { segment, reader, upTo, position };
    return this.#open;
  }

  /** Reads on in the segment. Closes the segment at its end. */
  async #read(open: OpenSegment): Promise<StoredRecord[]> {
    const records: StoredRecord[] = [];
    const frames = await open.reader.next();
    for (const { sequence, payload, from, to } of frames) {
      if (sequence > open.upTo) break;
      open.segment.mark(sequence, from);
      if (sequence > this.#passed) {
        this.#lose(open, sequence - 1, from);
        this.#passed = sequence;
        records.push({ sequence, payload });
      }
      open.position = to;
    }
    if (frames.length === 0 || this.#passed >= open.upTo || (frames.at(-1)?.sequence ?? 0) > open.upTo) {
      this.#lose(open, open.upTo, open.segment.bytes);
      await this.close();
    }
    return records;
  }

  /** Passes over records that are not there. */
  #lose(open: Pick<OpenSegment, "segment" | "position">, lastLost: Sequence, to: number): void {
    const firstLost = this.#passed + 1;
    if (lastLost < firstLost) return;
    this.#passed = lastLost;
    const { path: file } = open.segment;
    this.#options.onDamage({ file, from: open.position, to, firstLost, lastLost });
  }
}
