import { join } from "node:path";

import type { Sequence } from "../log/log.js";
import { createDurably } from "./files/create-durably.js";
import { encodeFileHeader, type JournalId } from "./format/file-header.js";
import type { DiskFile, DiskFiles } from "./files/files.js";
import { encodeFrameHead, frameHeadBytes, frameKey, type FrameKey } from "./format/record-frame.js";
import { Segment, segmentName } from "./segment.js";
import { writeAll } from "./files/write-all.js";

export interface NewSegment {
  readonly files: DiskFiles;
  readonly dir: string;
  readonly journal: JournalId;
  readonly first: Sequence;
}

/** Writes records to the end of a segment. After a failure, the segment is never written again. */
export class SegmentWriter {
  readonly segment: Segment;
  readonly #file: DiskFile;
  readonly #key: FrameKey;

  private constructor(segment: Segment, file: DiskFile, key: FrameKey) {
    this.segment = segment;
    this.#file = file;
    this.#key = key;
  }

  /**
   * Creates the segment. When the promise resolves, the header and the folder are on the disk. Replaces a file of the
   * same name: none of its records count, because this segment begins with their numbers.
   */
  static async create({ files, dir, journal, first }: NewSegment): Promise<SegmentWriter> {
    const { header, salt } = encodeFileHeader(journal);
    const path = join(dir, segmentName(first));
    const file = await createDurably(files, path, (file) => writeAll(file, [header], 0));
    const key = frameKey(salt);
    const segment = new Segment({ path, first, key, bytes: header.length });
    return new SegmentWriter(segment, file, key);
  }

  /** Goes on in a segment that an earlier run has written. Nothing may lie behind its last record. */
  static async resume(files: DiskFiles, segment: Segment, key: FrameKey): Promise<SegmentWriter> {
    return new SegmentWriter(segment, await files.reopen(segment.path), key);
  }

  /** Resolves when the records are on the disk. The first record gets the number `first`. */
  async write(first: Sequence, payloads: readonly Buffer[]): Promise<void> {
    const buffers = payloads.flatMap((payload, index) => [
      encodeFrameHead(this.#key, first + index, payload),
      payload,
    ]);
    await writeAll(this.#file, buffers, this.segment.bytes);
    await this.#file.sync();
  }

  /** Counts records that are on the disk now. */
  count(first: Sequence, payloads: readonly Buffer[]): void {
    const { segment } = this;
    for (const [index, payload] of payloads.entries()) {
      segment.mark(first + index, segment.bytes);
      segment.bytes += frameHeadBytes + payload.length;
    }
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}
