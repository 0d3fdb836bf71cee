import { join } from "node:path";

import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { Sequence } from "../log/log.js";
import type { DiskFiles } from "./files/files.js";
import type { JournalId } from "./format/file-header.js";
import {
  damagedSnapshot,
  isCompleteSnapshot,
  parseSnapshotName,
  readSnapshot,
  snapshotName,
  writeSnapshot,
  type SnapshotFile,
} from "./snapshot-file.js";

export interface SnapshotStoreOptions {
  readonly files: DiskFiles;
  readonly dir: string;
  readonly journal: JournalId;
  readonly logger: Logger;
}

/** The complete snapshots of a folder. */
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
      if (await isCompleteSnapshot(store.#fileOf(sequence))) store.#sequences.push(sequence);
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
    await writeSnapshot(this.#fileOf(sequence), chunks);
    this.#sequences = [...new Set([...this.#sequences, sequence])].sort((a, b) => a - b);
  }

  /** @throws PharosError `bad-snapshot` if there is no such snapshot, or if it is damaged or cannot be read */
  async *load(sequence: Sequence): AsyncGenerator<Buffer> {
    const file = this.#fileOf(sequence);
    if (!this.#sequences.includes(sequence)) throw damagedSnapshot(file.path);
    try {
      yield* readSnapshot(file);
    } catch (error) {
      // A disk that cannot read a file does not read it later either.
      throw error instanceof PharosError ? error : damagedSnapshot(file.path, error);
    }
  }

  async remove(sequence: Sequence): Promise<void> {
    const { files, dir } = this.#options;
    this.#sequences = this.#sequences.filter((other) => other !== sequence);
    await files.remove(this.#fileOf(sequence).path);
    await files.syncFolder(dir);
  }

  async #discard(sequence: Sequence): Promise<void> {
    const { path } = this.#fileOf(sequence);
    this.#options.logger.warn({ file: path }, "removes a snapshot that is not complete");
    await this.remove(sequence);
  }

  #fileOf(sequence: Sequence): SnapshotFile {
    const { files, dir, journal } = this.#options;
    return { files, journal, path: join(dir, snapshotName(sequence)) };
  }
}
