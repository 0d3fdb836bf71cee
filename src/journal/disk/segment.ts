import { countLeading } from "../../base/binary-search.js";
import type { Sequence } from "../log/log.js";
import { fileHeaderBytes } from "./format/file-header.js";
import type { FrameKey } from "./format/record-frame.js";

/** The bytes between two marks. A log of 1 GiB has 16,384 marks of 16 bytes: 256 KiB. */
const markBytes = 64 * 1024;

const suffix = ".segment";

/** The name of the segment whose first record has this number. Names sort as the numbers do. */
export function segmentName(first: Sequence): string {
  return `${String(first).padStart(16, "0")}${suffix}`;
}

/** The number of the first record of the segment with this name; undefined for other files. */
export function parseSegmentName(name: string): Sequence | undefined {
  const first = /^(\d{16})\.segment$/.exec(name)?.[1];
  return first === undefined || !Number.isSafeInteger(Number(first)) ? undefined : Number(first);
}

export interface SegmentOptions {
  readonly path: string;
  readonly first: Sequence;
  /** Undefined if the header is damaged: then no record of the segment can be read. */
  readonly key: FrameKey | undefined;
  readonly bytes: number;
}

/** A file with consecutive records. Its marks say where some of the records begin. */
export class Segment {
  readonly path: string;
  readonly first: Sequence;
  readonly key: FrameKey | undefined;
  /** The bytes up to the end of the last record. */
  bytes: number;
  readonly #sequences: Sequence[] = [];
  readonly #positions: number[] = [];

  constructor(options: SegmentOptions) {
    this.path = options.path;
    this.first = options.first;
    this.key = options.key;
    this.bytes = options.bytes;
  }

  /** Notes that a record begins at this position, if the last mark is far enough. Call this in order of position. */
  mark(sequence: Sequence, position: number): void {
    if (position < (this.#positions.at(-1) ?? fileHeaderBytes) + markBytes) return;
    this.#sequences.push(sequence);
    this.#positions.push(position);
  }

  /** The position from which to look for a record: that of the last mark up to the record, or the first position. */
  positionBefore(sequence: Sequence): number {
    const marks = countLeading(
      this.#sequences.length,
      (index) => (this.#sequences[index] ?? Infinity) <= sequence,
    );
    return this.#positions[marks - 1] ?? fileHeaderBytes;
  }
}
