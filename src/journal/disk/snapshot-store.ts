import { join } from "node:path";

import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Sequence } from "../log/log.js";
import { createDurably } from "./files/create-durably.js";
import { encodeFileHeader, fileHeaderBytes, type JournalId } from "./format/file-header.js";
import type { DiskFile, DiskFiles } from "./files/files.js";
import { readFileHeader } from "./format/read-file-header.js";
import {
  encodeFrameHead,
  frameHeadBytes,
  frameKey,
  parseRecordFrame,
  type FrameKey,
} from "./format/record-frame.js";
import { RecordReader } from "./format/record-reader.js";
import { writeAll } from "./files/write-all.js";

export interface SnapshotStoreOptions {
  readonly files: DiskFiles;
  readonly dir: string;
  readonly journal: JournalId;
  readonly logger: Logger;
}

const nothing = Buffer.alloc(0);

/** The number of the snapshot with this name; undefined for other files. */
export function parseSnapshotName(name: string): Sequence | undefined {
  const sequence = /^(\d{16})\.snapshot$/.exec(name)?.[1];
  return sequence === undefined || !Number.isSafeInteger(Number(sequence)) ? undefined : Number(sequence);
}

/** Snapshots as files. A frame without a payload ends a snapshot and shows that it is complete. */
export class SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  #sequences: Sequence[] = [];

  private constructor(options: SnapshotStoreOptions) {
    this.#options = options;
  }

  /** Finds the complete snapshots. Removes others. */
  static async open(options: SnapshotStoreOptions, names: readonly string[]): Promise<SnapshotStore> {
    const store = new SnapshotStore(options);
    for (const name of names) {
      const sequence = parseSnapshotName(name);
      if (sequence === undefined) continue;
      if (await store.#isComplete(sequence)) store.#sequences.push(sequence);
      else await store.#discard(sequence);
    }
    store.#sequences.sort((a, b) => a - b);
    return store;
  }

  /** Oldest first. */
  get sequences(): readonly Sequence[] {
    return this.#sequences;
  }

  async save(sequence: Sequence, chunks: AsyncIterable<Buffer>): Promise<void> {
    const { files, journal } = this.#options;
    const file = await createDurably(files, this.#pathOf(sequence), (file) =>
      writeChunks(file, journal, chunks),
    );
    await file.close();
    this.#sequences = [...new Set([...this.#sequences, sequence])].sort((a, b) => a - b);
  }

  /** @throws PharosError `internal` if there is no such snapshot, or if it is damaged */
  async *load(sequence: Sequence): AsyncIterable<Buffer> {
    const reader = await this.#open(sequence);
    if (reader === undefined) throw damagedSnapshot(this.#pathOf(sequence));
    try {
      yield* chunksOf(reader, this.#pathOf(sequence));
    } finally {
      await reader.close();
    }
  }

  async remove(sequence: Sequence): Promise<void> {
    const { files, dir } = this.#options;
    this.#sequences = this.#sequences.filter((other) => other !== sequence);
    await files.remove(this.#pathOf(sequence));
    await files.syncFolder(dir);
  }

  async #discard(sequence: Sequence): Promise<void> {
    const path = this.#pathOf(sequence);
    this.#options.logger.warn({ file: path }, "removes a snapshot that is not complete");
    await this.remove(sequence);
  }

  async #open(sequence: Sequence): Promise<RecordReader | undefined> {
    if (!this.#sequences.includes(sequence)) return undefined;
    const { files, journal } = this.#options;
    const file = await files.open(this.#pathOf(sequence));
    const { header, bytes } = await readFileHeader(file, journal);
    if (header.kind === "ours")
      return new RecordReader(file, { key: frameKey(header.salt), from: fileHeaderBytes, to: bytes });
    await file.close();
    return undefined;
  }

  /** True if the end mark is there. */
  async #isComplete(sequence: Sequence): Promise<boolean> {
    const { files, journal } = this.#options;
    const file = await files.open(this.#pathOf(sequence));
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

  #pathOf(sequence: Sequence): string {
    return join(this.#options.dir, `${String(sequence).padStart(16, "0")}.snapshot`);
  }
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
async function* chunksOf(reader: RecordReader, path: string): AsyncIterable<Buffer> {
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

function damagedSnapshot(path: string): PharosError {
  return new PharosError("internal", `the snapshot ${path} is damaged or missing`);
}
