import { join } from "node:path";

import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Sequence } from "../log/log.js";
import { fileHeaderBytes, type JournalId } from "./format/file-header.js";
import type { DiskFiles } from "./files/files.js";
import { openExisting } from "./files/open-existing.js";
import { readFileHeader } from "./format/read-file-header.js";
import { frameHeadBytes, frameKey } from "./format/record-frame.js";
import { RecordReader } from "./format/record-reader.js";
import { parseSegmentName, Segment } from "./segment.js";

export interface FindSegmentsOptions {
  readonly files: DiskFiles;
  readonly dir: string;
  readonly journal: JournalId;
  readonly logger: Logger;
}

/**
 * The segments of a folder, oldest first. Reads their headers only.
 *
 * @throws PharosError `bad-config` for a segment of another journal, or of a later version of Pharos
 */
export async function findSegments(
  options: FindSegmentsOptions,
  names: readonly string[],
): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const name of names.toSorted()) {
    const first = parseSegmentName(name);
    if (first === undefined) continue;
    const segment = await findSegment(options, join(options.dir, name), first);
    if (segment !== undefined) segments.push(segment);
  }
  return segments;
}

async function findSegment(
  options: FindSegmentsOptions,
  path: string,
  first: Sequence,
): Promise<Segment | undefined> {
  const { files, journal, logger } = options;
  const file = await openExisting(files, path);
  if (file === undefined) return undefined;
  try {
    const { header, bytes } = await readFileHeader(file, journal);
    if (header.kind === "foreign")
      throw new PharosError("bad-config", `${path} belongs to another journal; move it out of the folder`);
    if (header.kind === "newer")
      throw new PharosError("bad-config", `a later version of Pharos wrote ${path}; use that version`);
    const key = header.kind === "ours" ? frameKey(header.salt) : undefined;
    if (key === undefined)
      logger.error({ file: path }, "cannot read a file of the journal: its header is damaged");
    return new Segment({ path, first, key, bytes });
  } finally {
    await file.close();
  }
}

/** The end of the last segment. */
export interface SegmentEnd {
  /** The last record. */
  readonly head: Sequence;
  /** True if nothing lies behind the last record: then a writer may go on in the file. */
  readonly isWhole: boolean;
}

/**
 * The last record of the last segment. Makes what the segment holds durable: a hub may have been killed between a write
 * and its sync. Bytes behind the last record, which a crash has left, do not count.
 */
export async function findEnd(options: FindSegmentsOptions, segment: Segment): Promise<SegmentEnd> {
  const { files, logger } = options;
  const { key, path, first, bytes } = segment;
  // Without the header, no record can be read. No number that a record may have must be given again.
  if (key === undefined) return { head: first + Math.ceil(bytes / (frameHeadBytes + 1)), isWhole: false };
  const file = await files.open(path);
  const reader = new RecordReader(file, { key, from: fileHeaderBytes, to: bytes });
  try {
    await file.sync();
    const { head, end } = await lastRecord(reader, segment);
    if (end < bytes)
      logger.warn(
        { file: path, from: end, to: bytes },
        "the journal ends with an incomplete record, which is dropped",
      );
    segment.bytes = end;
    return { head, isWhole: end === bytes };
  } finally {
    await reader.close();
  }
}

async function lastRecord(reader: RecordReader, segment: Segment) {
  let head = segment.first - 1;
  let end = fileHeaderBytes;
  for (let frames = await reader.next(); frames.length > 0; frames = await reader.next()) {
    for (const { sequence, from, to } of frames) {
      if (sequence <= head) continue;
      segment.mark(sequence, from);
      head = sequence;
      end = to;
    }
  }
  return { head, end };
}
