import { messageOf, PharosError } from "../../base/errors.js";
import type { Log, LogFigures, LogFollower, LogState, Sequence, StoredRecord } from "../log/log.js";
import { DiskStore, type DiskStoreOptions } from "./disk-store.js";
import { fileErrorCode, type DiskFiles } from "./files/files.js";
import { FollowerFeed } from "./follower-feed.js";
import { nodeFiles } from "./files/node-files.js";
import { readLogPage } from "./read-log-page.js";

/** The JSON text of the largest body, 64 MiB, with each character escaped by a backslash. */
const mostRecordBytes = 128 * 1024 * 1024;

export interface DiskLogOptions extends Omit<DiskStoreOptions, "files"> {
  /** @default the file system of the machine */
  readonly files?: DiskFiles;
}

interface PendingAppend {
  readonly payload: Buffer;
  readonly resolve: (sequence: Sequence) => void;
  readonly reject: (error: PharosError) => void;
}

/**
 * A log in a folder of files. The numbers of its records are consecutive.
 *
 * One write and one sync store everything that waits, so the time of a sync limits the appends of one caller, but not
 * those of many callers together. The caller bounds what waits.
 */
export class DiskLog implements Log {
  readonly isShared = false;
  readonly maxRecordBytes = mostRecordBytes;
  readonly #options: DiskStoreOptions;
  #store: DiskStore | undefined;
  #feed: FollowerFeed | undefined;
  #state: LogState = "starting";
  #isClosed = false;
  #waiting: PendingAppend[] = [];
  #writing: Promise<void> | undefined;
  #recovering: Promise<void> | undefined;

  constructor(options: DiskLogOptions) {
    this.#options = { files: nodeFiles, ...options };
  }

  get state(): LogState {
    return this.#state;
  }

  get figures(): LogFigures {
    const segments = this.#store?.segments;
    return { bytes: segments?.bytes ?? 0, segments: segments?.all.length ?? 0 };
  }

  get first(): Sequence {
    const store = this.#store;
    return store === undefined ? 1 : Math.max(store.segments.first, store.expired + 1);
  }

  get head(): Sequence {
    return this.#store?.segments.head ?? 0;
  }

  /** A folder on a full disk opens: {@link state} is `full` then, and what is stored can be read. */
  async open(): Promise<void> {
    this.#store = await DiskStore.open(this.#options);
    await this.#begin((store) => store.resume()).catch(() => undefined);
  }

  secret(): Promise<Buffer> {
    return Promise.resolve(this.#opened().secret);
  }

  follow(after: Sequence, follower: LogFollower): Promise<void> {
    const store = this.#opened();
    const cursor = store.cursor(after);
    this.#feed = new FollowerFeed({ follower, after, segments: store.segments, cursor });
    return this.#feed.caughtUp;
  }

  append(payload: Buffer): Promise<Sequence> {
    const { length } = payload;
    if (length === 0 || length > this.maxRecordBytes) {
      const why = `a record has 1 to ${this.maxRecordBytes} bytes, not ${length}`;
      return Promise.reject(new PharosError("too-large", why));
    }
    if (this.#isClosed || this.#state !== "up") return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payload, resolve, reject });
      this.#writing ??= this.#writeAll();
    });
  }

  recover(): Promise<void> {
    this.#recovering ??= this.#recover().finally(() => (this.#recovering = undefined));
    return this.#recovering;
  }

  latest(): Promise<Sequence> {
    return Promise.resolve(this.head);
  }

  read(after: Sequence, maxBytes: number): Promise<readonly StoredRecord[]> {
    return readLogPage(this.#opened(), Math.max(after, this.first - 1), maxBytes);
  }

  async expire(upTo: Sequence): Promise<void> {
    const store = this.#opened();
    const isIdle = !this.#isClosed && this.#state === "up" && this.#writing === undefined;
    if (isIdle && this.head <= upTo && store.segments.endsWithRecord)
      await (this.#writing = this.#beginWhileIdle());
    await store.expire(upTo);
  }

  bytesAfter(after: Sequence): number {
    return this.#opened().segments.bytesAfter(after);
  }

  snapshots(): Promise<readonly Sequence[]> {
    return Promise.resolve(this.#opened().snapshots.sequences);
  }

  saveSnapshot(sequence: Sequence, chunks: AsyncIterable<Buffer>): Promise<void> {
    return this.#opened().saveSnapshot(sequence, chunks);
  }

  loadSnapshot(sequence: Sequence): AsyncIterable<Buffer> {
    return this.#opened().snapshots.load(sequence);
  }

  async removeSnapshot(sequence: Sequence): Promise<void> {
    const store = this.#opened();
    await store.snapshots.remove(sequence);
    await store.trim();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await Promise.allSettled([this.#writing, this.#recovering]);
    this.#feed?.stop();
    await this.#store?.close();
  }

  #opened(): DiskStore {
    if (this.#store === undefined) throw new PharosError("internal", "the log is not open");
    return this.#store;
  }

  /** Writes until nothing waits. Appends of the same turn share one write, because this begins after the turn's code. */
  async #writeAll(): Promise<void> {
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      await this.#writeBatch(batch);
    }
    this.#writing = undefined;
  }

  async #writeBatch(batch: readonly PendingAppend[]): Promise<void> {
    let first: Sequence;
    try {
      first = await this.#opened().write(batch.map(({ payload }) => payload));
    } catch (error) {
      return this.#fail(error, batch);
    }
    const records = batch.map(({ payload }, index) => ({ sequence: first + index, payload }));
    await this.#feed?.offer(records);
    for (const [index, { resolve }] of batch.entries()) resolve(first + index);
  }

  #fail(error: unknown, batch: readonly PendingAppend[] = []): void {
    this.#leaveUp(error);
    for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(this.#refusal(error));
    this.#feed?.follower.down();
  }

  /** Begins a segment without a record to write, and then writes what was appended meanwhile. */
  async #beginWhileIdle(): Promise<void> {
    try {
      await this.#opened().begin();
    } catch (error) {
      this.#fail(error);
    }
    await this.#writeAll();
  }

  async #recover(): Promise<void> {
    if (this.#isClosed) throw this.#refusal();
    await this.#writing;
    if (this.#state !== "up") await this.#begin((store) => store.begin());
    await this.#feed?.caughtUp;
  }

  /** Opens a segment for the next records. The log is `up` once the header of the segment is on the disk. */
  async #begin(openSegment: (store: DiskStore) => Promise<void>): Promise<void> {
    try {
      await openSegment(this.#opened());
      this.#state = "up";
    } catch (error) {
      this.#leaveUp(error);
      throw this.#refusal(error);
    }
  }

  #leaveUp(error: unknown): void {
    const { dir, logger } = this.#options;
    const state = isFull(error) ? "full" : "unreachable";
    if (state !== this.#state)
      logger.error({ dir, error: messageOf(error) }, "the journal cannot store records");
    this.#state = state;
  }

  #refusal(cause?: unknown): PharosError {
    if (this.#isClosed) return new PharosError("closed", "the journal is closed");
    const why = cause === undefined ? "" : `: ${messageOf(cause)}`;
    const text =
      this.#state === "full" ? "the disk of the journal is full" : "the journal cannot store records";
    return new PharosError("unreachable", text + why, { cause });
  }
}

function isFull(error: unknown): boolean {
  const code = fileErrorCode(error);
  return code === "ENOSPC" || code === "EDQUOT";
}
