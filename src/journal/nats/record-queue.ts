import { CompactingQueue } from "../../base/compacting-queue.js";
import { Waiters } from "../../base/waiters.js";
import type { Sequence, StoredRecord } from "../log/log.js";

export interface RecordQueueHandler {
  take(record: StoredRecord): void | Promise<void>;
  /** All records up to this number are missing. */
  lost(upTo: Sequence): void;
  /** `take` failed. Nothing more is taken. */
  failed(error: unknown): void;
}

/** The records that the engine has sent and the hub has not taken yet. They are taken one by one, in order. */
export class RecordQueue {
  readonly #handler: RecordQueueHandler;
  readonly #records = new CompactingQueue<StoredRecord>();
  readonly #waiters = new Waiters();
  #bytes = 0;
  #arrived: Sequence;
  #taken: Sequence;
  #last: Buffer | undefined;
  #done: Sequence;
  #isTaking = false;
  #isClosed = false;

  constructor(after: Sequence, handler: RecordQueueHandler) {
    this.#handler = handler;
    this.#arrived = after;
    this.#taken = after;
    this.#done = after;
  }

  /** The bytes of the records that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The number of the last record that was added; after {@link clear}, of the last one that was taken. */
  get arrived(): Sequence {
    return this.#arrived;
  }

  /** The number of the last record that was taken, or is being taken. */
  get taken(): Sequence {
    return this.#taken;
  }

  /** The content of this record; undefined if none was taken. */
  get last(): Buffer | undefined {
    return this.#last;
  }

  /** Adds a record with a larger number than all others. */
  add(record: StoredRecord): void {
    if (this.#isClosed) return;
    this.#records.push(record);
    this.#bytes += record.payload.length;
    this.#arrived = record.sequence;
    if (!this.#isTaking) void this.#takeAll();
  }

  /** Notes that the stream has no record up to this number. Call this when all records are taken. */
  lose(upTo: Sequence): void {
    this.#handler.lost(upTo);
    this.#arrived = Math.max(this.#arrived, upTo);
    this.#taken = upTo;
    this.#done = upTo;
    this.#waiters.look();
  }

  /** Forgets the records that are not taken. */
  clear(): void {
    this.#records.clear();
    this.#bytes = 0;
    this.#arrived = this.#taken;
  }

  /** True if all records up to this number are taken. */
  has(sequence: Sequence): boolean {
    return this.#done >= sequence;
  }

  /** Resolves when all records up to this number are taken, or when the queue is closed. */
  until(sequence: Sequence): Promise<void> {
    return this.#waiters.until(() => this.has(sequence) || this.#isClosed);
  }

  /** Takes nothing more. */
  close(): void {
    this.#isClosed = true;
    this.clear();
    this.#waiters.look();
  }

  async #takeAll(): Promise<void> {
    this.#isTaking = true;
    try {
      for (let next = this.#records.shift(); next !== undefined; next = this.#records.shift())
        await this.#take(next);
    } catch (error) {
      this.close();
      this.#handler.failed(error);
    } finally {
      this.#isTaking = false;
    }
  }

  async #take(record: StoredRecord): Promise<void> {
    const { sequence, payload } = record;
    this.#bytes -= payload.length;
    if (sequence !== this.#taken + 1) this.lose(sequence - 1);
    this.#taken = sequence;
    this.#last = payload;
    const taken = this.#handler.take(record);
    if (taken !== undefined) await taken;
    this.#done = sequence;
    this.#waiters.look();
  }
}
