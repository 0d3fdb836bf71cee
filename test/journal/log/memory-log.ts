import { randomBytes } from "node:crypto";
import { countLeading } from "../../../src/base/binary-search.js";
import { PharosError } from "../../../src/base/errors.js";
import type {
  Log,
  LogFigures,
  LogFollower,
  LogState,
  Sequence,
  StoredRecord,
} from "../../../src/journal/log/log.js";

/** The records of a {@link MemoryLog}. The store outlives the log, as a disk outlives the hub. */
export class MemoryLogStore {
  readonly secret: Buffer = randomBytes(32);
  readonly snapshots = new Map<Sequence, readonly Buffer[]>();
  /** Records that {@link MemoryLog.damage} has destroyed. */
  readonly damaged = new Set<Sequence>();
  records: StoredRecord[] = [];
  head: Sequence = 0;
  /** Called after each write: passes the new records to the follower of each shared log. */
  readonly passes = new Set<() => Promise<void>>();
}

interface WaitingAppend {
  readonly payload: Buffer;
  readonly resolve: (sequence: Sequence) => void;
  readonly reject: (error: Error) => void;
}

/**
 * What happens to a write that fails.
 *
 * - `lost`: the records are not stored
 * - `stored`: the records are stored, but their appends reject; {@link MemoryLog.recover} passes them to the follower
 */
export type FailedWrite = "lost" | "stored";

export interface MemoryLogOptions {
  /** @default a new, empty store */
  readonly store?: MemoryLogStore;
  /** @default 16 MiB */
  readonly maxRecordBytes?: number;
  /** True if several logs may use the store at the same time. @default false */
  readonly isShared?: boolean;
}

/**
 * A log in memory, for tests of what uses a log. A write stores all appends that wait, as on a disk. Its switches delay
 * writes, fail writes, fill the store, cut the connection, trim and damage records. Shared logs with the same store follow
 * one another.
 */
export class MemoryLog implements Log {
  readonly store: MemoryLogStore;
  readonly isShared: boolean;
  readonly maxRecordBytes: number;
  #state: LogState = "starting";
  #follower: LogFollower | undefined;
  /** The last record that the follower has, or has been told of as lost. */
  #passed: Sequence = 0;
  #waiting: WaitingAppend[] = [];
  #writing: Promise<void> | undefined;
  #feeding: Promise<void> = Promise.resolve();
  #failing: FailedWrite | undefined;
  #isFull = false;
  #isCut = false;
  #isClosed = false;
  #expired: Sequence = 0;
  readonly #pass = (): Promise<void> => this.#feed();
  #gate: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  /** The number of writes. Each write stored, or failed to store, all appends that waited. */
  writes = 0;

  constructor(options: MemoryLogOptions = {}) {
    this.store = options.store ?? new MemoryLogStore();
    this.isShared = options.isShared ?? false;
    this.maxRecordBytes = options.maxRecordBytes ?? 16 * 1024 * 1024;
  }

  // Switches

  /** Delays all writes until {@link release}. Appends stay open meanwhile. */
  hold(): void {
    if (this.#gate !== undefined) return;
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    this.#gate = { opened, open };
  }

  release(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  /** Fails the next write. The log is `unreachable` then; {@link recover} succeeds. */
  failNext(kind: FailedWrite): void {
    this.#failing = kind;
  }

  /** The next calls of `snapshots` and `loadSnapshot` reject, as if the engine did not respond. */
  unansweredQuestions = 0;

  /** Stores a message that no journal has appended, and passes it on. */
  async putForeign(payload: Buffer): Promise<void> {
    this.#put(payload);
    await this.#feed();
  }

  /** While true, writes and {@link recover} fail, and the state is `full` after the first failed write. */
  set isFull(isFull: boolean) {
    this.#isFull = isFull;
  }

  /** While true, the log has no connection to its store, as to an engine that does not respond. */
  set isCut(isCut: boolean) {
    this.#isCut = isCut;
    if (!isCut || this.#state !== "up") return;
    this.#state = "unreachable";
    for (const { reject } of this.#waiting.splice(0)) reject(this.#refusal());
    this.#follower?.down();
  }

  /** Removes all records up to this one. */
  trim(upTo: Sequence): void {
    this.store.records = this.store.records.filter(({ sequence }) => sequence > upTo);
  }

  /** Destroys a record. A follower of a log that is opened later is told that the record is lost. */
  damage(sequence: Sequence): void {
    this.store.records = this.store.records.filter((record) => record.sequence !== sequence);
    this.store.damaged.add(sequence);
  }

  /** Takes the newest records from the store, as an engine that was restored from a backup, and tells the follower. */
  loseTail(after: Sequence): void {
    this.store.records = this.store.records.filter(({ sequence }) => sequence <= after);
    this.store.head = Math.min(this.store.head, after);
    const follower = this.#follower;
    this.#follower = undefined;
    follower?.restarted();
  }

  // The port

  get state(): LogState {
    return this.#state;
  }

  get figures(): LogFigures {
    return { bytes: this.bytesAfter(0), segments: 1 };
  }

  get first(): Sequence {
    return Math.max(this.store.records[0]?.sequence ?? this.head + 1, this.#expired + 1);
  }

  get head(): Sequence {
    return this.store.head;
  }

  open(): Promise<void> {
    this.#state = "up";
    return Promise.resolve();
  }

  secret(): Promise<Buffer> {
    return Promise.resolve(this.store.secret);
  }

  follow(after: Sequence, follower: LogFollower): Promise<void> {
    this.#passed = after;
    this.#follower = follower;
    if (this.isShared) this.store.passes.add(this.#pass);
    return this.#feed();
  }

  append(payload: Buffer): Promise<Sequence> {
    if (payload.length === 0 || payload.length > this.maxRecordBytes)
      return Promise.reject(
        new PharosError("too-large", `a record of ${payload.length} bytes is not allowed`),
      );
    if (this.#isClosed || this.#state !== "up") return Promise.reject(this.#refusal());
    return new Promise((resolve, reject) => {
      this.#waiting.push({ payload, resolve, reject });
      this.#writing ??= this.#write();
    });
  }

  async recover(): Promise<void> {
    if (this.#isClosed || this.#isFull || this.#isCut) throw this.#refusal();
    await this.#feed();
    this.#state = "up";
  }

  latest(): Promise<Sequence> {
    return this.#isCut ? Promise.reject(this.#refusal()) : Promise.resolve(this.head);
  }

  async read(after: Sequence, maxBytes: number): Promise<readonly StoredRecord[]> {
    await Promise.resolve();
    const page: StoredRecord[] = [];
    let bytes = 0;
    for (const record of this.store.records.slice(this.#indexAfter(Math.max(after, this.first - 1)))) {
      bytes += record.payload.length;
      if (page.length > 0 && bytes > maxBytes) break;
      page.push(record);
    }
    return page;
  }

  expire(upTo: Sequence): Promise<void> {
    this.#expired = Math.max(this.#expired, upTo);
    this.#removeExpired();
    return Promise.resolve();
  }

  bytesAfter(after: Sequence): number {
    let bytes = 0;
    for (const { sequence, payload } of this.store.records) if (sequence > after) bytes += payload.length;
    return bytes;
  }

  snapshots(): Promise<readonly Sequence[]> {
    const failure = this.#failureToAnswer();
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve([...this.store.snapshots.keys()].sort((a, b) => a - b));
  }

  async saveSnapshot(sequence: Sequence, chunks: AsyncIterable<Buffer>): Promise<void> {
    const stored: Buffer[] = [];
    for await (const chunk of chunks) stored.push(Buffer.from(chunk));
    this.store.snapshots.set(sequence, stored);
    this.#removeExpired();
  }

  async *loadSnapshot(sequence: Sequence): AsyncIterable<Buffer> {
    const stored = this.store.snapshots.get(sequence);
    if (stored === undefined) throw new PharosError("bad-snapshot", `there is no snapshot ${sequence}`);
    for (const chunk of stored) {
      yield await Promise.resolve(chunk);
      const failure = this.#failureToAnswer();
      if (failure !== undefined) throw failure;
    }
  }

  removeSnapshot(sequence: Sequence): Promise<void> {
    this.store.snapshots.delete(sequence);
    this.#removeExpired();
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.release();
    await this.#writing;
    this.store.passes.delete(this.#pass);
    this.#follower = undefined;
  }

  #removeExpired(): void {
    const needed = Math.min(...this.store.snapshots.keys());
    if (Number.isFinite(needed)) this.trim(Math.min(needed, this.#expired));
  }

  /** Writes until no append waits. */
  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      await (this.#gate?.opened ?? Promise.resolve());
      const batch = this.#waiting;
      this.#waiting = [];
      const sequences = this.#store(batch);
      if (sequences === undefined) break;
      await this.#feed();
      for (const pass of this.store.passes) if (pass !== this.#pass) void pass();
      for (const [index, { resolve }] of batch.entries()) resolve(sequences[index] ?? 0);
    }
    this.#writing = undefined;
  }

  /** Stores a batch, or rejects the batch and everything that waits. */
  #store(batch: readonly WaitingAppend[]): Sequence[] | undefined {
    this.writes += 1;
    const kind = this.#isFull ? "lost" : this.#failing;
    this.#failing = undefined;
    if (kind === undefined || kind === "stored") {
      const sequences = batch.map(({ payload }) => this.#put(payload));
      if (kind === undefined) return sequences;
    }
    this.#state = this.#isFull ? "full" : "unreachable";
    for (const { reject } of [...batch, ...this.#waiting.splice(0)]) reject(this.#refusal());
    this.#follower?.down();
    return undefined;
  }

  #failureToAnswer(): Error | undefined {
    if (this.unansweredQuestions <= 0) return undefined;
    this.unansweredQuestions -= 1;
    return new Error("the engine does not respond");
  }

  #put(payload: Buffer): Sequence {
    this.store.head += 1;
    this.store.records.push({ sequence: this.store.head, payload: Buffer.from(payload) });
    return this.store.head;
  }

  /** Passes all records that the follower does not have yet. Two calls run one after the other. */
  #feed(): Promise<void> {
    this.#feeding = this.#feeding.then(() => this.#passAll());
    return this.#feeding;
  }

  async #passAll(): Promise<void> {
    const follower = this.#follower;
    if (follower === undefined) return;
    while (this.#passed < this.head && !this.#isCut) {
      const next = this.store.records[this.#indexAfter(this.#passed)];
      const lostUpTo = next === undefined ? this.head : next.sequence - 1;
      if (lostUpTo > this.#passed) follower.lost(lostUpTo);
      this.#passed = next?.sequence ?? this.head;
      if (next !== undefined) await follower.take(next);
    }
  }

  #indexAfter(after: Sequence): number {
    const { records } = this.store;
    return countLeading(records.length, (index) => (records[index]?.sequence ?? Infinity) <= after);
  }

  #refusal(): PharosError {
    if (this.#isClosed) return new PharosError("closed", "the log is closed");
    return new PharosError("unreachable", `the log is ${this.#isFull ? "full" : this.#state}`);
  }
}
