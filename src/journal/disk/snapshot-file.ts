import { messageOf, PharosError } from "../../base/errors.js";
import type { Sequence } from "../log/log.js";
import { createDurably } from "./files/create-durably.js";
import type { DiskFile, DiskFiles } from "./files/files.js";
import { writeAll } from "./files/write-all.js";
import { encodeFileHeader, fileHeaderBytes, type JournalId } from "./format/file-header.js";
import { readFileHeader } from "./format/read-file-header.js";
import {
  encodeFrameHead,
  frameHeadBytes,
  frameKey,
  parseRecordFrame,
  type FrameKey,
} from "./format/record-frame.js";
import { RecordReader } from "./format/record-reader.js";

const suffix = ".snapshot";

/** A snapshot's file, and the journal to which the file must belong. */
export interface SnapshotFile {
  readonly files: DiskFiles;
  readonly path: string;
  readonly journal: JournalId;
}

/** A frame without a payload ends a snapshot, and shows that the snapshot is complete. */
const nothing = Buffer.alloc(0);

export function snapshotName(sequence: Sequence): string {
  return `${String(sequence).padStart(16, "0")}${suffix}`;
}

/** The number of the snapshot with this name; undefined for other files. */
export function parseSnapshotName(name: string): Sequence | undefined {
  const sequence = /^(\d{16})\.snapshot$/.exec(name)?.[1];
  return sequence === undefined || !Number.isSafeInteger(Number(sequence)) ? undefined : Number(sequence);
}

/** Resolves when the snapshot is on the disk. */
export async function writeSnapshot(
  { files, path, journal }: SnapshotFile,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  const file = await createDurably(files, path, (file) => writeChunks(file, journal, chunks));
  await file.close();
}

/** The chunks of a snapshot. Throws `bad-snapshot` at the end of what can be read, if the snapshot is damaged. */
export async function* readSnapshot({ files, path, journal }: SnapshotFile): AsyncGenerator<Buffer> {
  const file = await files.open(path);
  try {
    const { header, bytes } = await readFileHeader(file, journal);
    if (header.kind !== "ours") throw damagedSnapshot(path);
    const key = frameKey(header.salt);
    yield* chunksOf(new RecordReader(file, { key, from: fileHeaderBytes, to: bytes }), path);
  } finally {
    await file.close();
  }
}

/** True if the end mark is there. Reads only the start and the end of the file. */
export async function isCompleteSnapshot({ files, path, journal }: SnapshotFile): Promise<boolean> {
  const file = await files.open(path);
  try {
    const { header, bytes } = await readFileHeader(file, journal);
    if (header.kind !== "ours" || bytes < fileHeaderBytes + frameHeadBytes) return false;
    const end = Buffer.alloc(frameHeadBytes);
    await file.read(end, bytes - end.length);
    const parsed = parseRecordFrame(frameKey(header.salt), end, 0);
    return parsed.kind === "frame" && parsed.payload.length === 0;
  } finally {
    await file.close();
  }
}

export function damagedSnapshot(path: string, cause?: unknown): PharosError {
  const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
  return new PharosError("bad-snapshot", `the snapshot ${path} is damaged or missing${why}`, { cause });
}

async function writeChunks(file: DiskFile, journal: JournalId, chunks: AsyncIterable<Buffer>): Promise<void> {
  const { header, salt } = encodeFileHeader(journal);
  const key = frameKey(salt);
  let position = 0;
  let number = 0;
  const write = async (buffers: readonly Buffer[]) => {
    await writeAll(file, buffers, position);
    position += buffers.reduce((sum, { length }) => sum + length, 0);
  };
  await write([header]);
  for await (const chunk of chunks) await write(frameOf(key, ++number, chunk));
  await write(frameOf(key, ++number, nothing));
}

function frameOf(key: FrameKey, number: number, chunk: Buffer): readonly Buffer[] {
  return [encodeFrameHead(key, number, chunk), chunk];
}

/** The chunks up to the end mark. */
async function* chunksOf(reader: RecordReader, path: string): AsyncGenerator<Buffer> {
  let number = 0;
  let frames = await reader.next();
  while (frames.length > 0) {
    for (const { sequence, payload } of frames) {
      number += 1;
      if (sequence !== number) throw damagedSnapshot(path);
      if (payload.length === 0) return;
      yield payload;
    }
    frames = await reader.next();
  }
  throw damagedSnapshot(path);
}
