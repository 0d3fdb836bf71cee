import type { Clock, Timer } from "../../../base/clock.js";
import { CompactingQueue } from "../../../base/compacting-queue.js";
import type { Logger } from "../../../base/log.js";
import type { Metrics } from "../../../base/metrics.js";
import { Waiters } from "../../../base/waiters.js";
import type { JournalLimits } from "../../../limits/journal.js";
import { joinRecord } from "../../log/encode-record.js";
import type { Log } from "../../log/log.js";
import type { RecordHead } from "../../log/record.js";
import { LogRecovery } from "./log-recovery.js";
import { OwnRun } from "./own-run.js";
import type { PendingItem } from "./pending-item.js";
import { WaitingItems } from "./waiting-items.js";

/**
 * The most records that are sent to the log and not applied yet. A disk syncs several of them together. An engine in the
 * same data centre stores 16 records in the time of two round trips.
 */
const recordsInFlight = 16;

/** The bytes of a record without its items, at most: run, number and time. */
export const recordHeadBytes = 256;

/** How often the sender looks for items that have waited for too long, in milliseconds. */
const lookMs = 1000;

export interface RecordSenderOptions {
  readonly log: Pick<Log, "append" | "recover" | "state" | "maxRecordBytes">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** As in {@link LogRecoveryOptions}. */
  readonly onRecovered?: (() => Promise<unknown>) | undefined;
  readonly limits: Pick<JournalLimits, "waitingBytes" | "batchBytes" | "appendSeconds">;
}

interface SentRecord {
  readonly n: number;
  readonly items: readonly PendingItem[];
  readonly payload: Buffer;
  readonly sinceMs: number;
}

/**
 * Sends what the hub appends to the log: all items of a turn of the event loop in one record. After a failure, the
 * sender sends again, in order, each record that did not come back from the log.
 */
export class RecordSender {
  readonly #options: RecordSenderOptions;
  readonly #recovery: LogRecovery;
  readonly #waiting = new WaitingItems();
  readonly #sent = new CompactingQueue<SentRecord>();
  readonly #waiters = new Waiters();
  readonly #run: OwnRun;
  #bytes = 0;
  #isReady = false;
  #isScheduled = false;
  #isClosed = false;
  #timer: Timer | undefined;

  constructor(options: RecordSenderOptions) {
    this.#options = options;
    this.#run = new OwnRun(options.clock);
    this.#recovery = new LogRecovery(options, () => this.#goOn());
  }

  /** The memory for items that are not applied yet, in bytes of their records. */
  get bytes(): number {
    return this.#bytes;
  }

  /** True while the log stores what the sender sends. */
  get isReady(): boolean {
    return this.#isReady;
  }

  /** The age of the oldest record that the log has not stored yet, in milliseconds; 0 if there is none. */
  get oldestMs(): number {
    const oldestMs = this.#sent.first?.sinceMs ?? this.#waiting.sinceMs;
    return oldestMs === undefined ? 0 : this.#options.clock.monotonic() - oldestMs;
  }

  /**
   * Begins to send. Call this once, when the log is open.
   *
   * @param failure the reason why the log does not store records yet. @default it stores records
   */
  start(failure?: unknown): void {
    this.#isReady = failure === undefined;
    this.#timer = this.#options.clock.every(lookMs, () => this.#tellLate());
    if (failure !== undefined) this.fail(failure);
    this.#schedule();
  }

  /** Adds an item behind all others. Its record is sent at the end of this turn of the event loop, or later. */
  add(item: PendingItem): void {
    if (this.#isClosed) {
      drop(item);
      return;
    }
    this.#waiting.push(item);
    this.#bytes += item.encoded.length;
    this.#schedule();
  }

  /** Sends what waits, without a wait for the end of the turn. */
  send(): void {
    while (this.#isReady && this.#sent.length < recordsInFlight && !this.#waiting.isEmpty) this.#sendNext();
  }

  /** Undefined while there is room for more items, or while the log is not ready; else resolves when one is true. */
  room(): Promise<void> | undefined {
    const isOpen = (): boolean => !this.#isReady || this.#bytes < this.#options.limits.waitingBytes;
    return isOpen() ? undefined : this.#waiters.until(isOpen);
  }

  /** Undefined while the log is ready; else a promise that resolves when it is ready again, or when it closes. */
  ready(): Promise<void> | undefined {
    const isOpen = (): boolean => this.#isReady || this.#isClosed;
    return isOpen() ? undefined : this.#waiters.until(isOpen);
  }

  /** The items of a record that has come back from the log; undefined if this sender does not wait for the record. */
  arrived({ run, n }: Pick<RecordHead, "run" | "n">): readonly PendingItem[] | undefined {
    const first = this.#sent.first;
    return run === this.#run.name && first?.n === n ? first.items : undefined;
  }

  /** Forgets the oldest record. Call this when its items are applied. */
  applied(): void {
    const record = this.#sent.shift();
    if (record === undefined) return;
    for (const { encoded } of record.items) this.#bytes -= encoded.length;
    const seconds = (this.#options.clock.monotonic() - record.sinceMs) / 1000;
    this.#options.metrics.observe("journal_append_duration_seconds", seconds);
    this.#schedule();
    this.#waiters.look();
  }

  /** Sends all records again as a new run. Call this when the readers of the log have skipped a record of this run. */
  beginRun(): void {
    this.#run.begin();
    const items: PendingItem[] = [];
    for (let record = this.#sent.shift(); record !== undefined; record = this.#sent.shift())
      items.push(...record.items);
    this.#waiting.putFirst(items);
    this.#schedule();
  }

  /** Resolves when all items are applied, or when the log cannot store them now. */
  settled(): Promise<void> {
    return this.#waiters.until(() => !this.#isReady || (this.#sent.length === 0 && this.#waiting.isEmpty));
  }

  /** Ends: sends nothing more, and tells the publishers of all items that they wait for nothing. */
  close(): void {
    this.#isClosed = true;
    this.#isReady = false;
    this.#timer?.cancel();
    this.#recovery.close();
    this.#forEach(drop);
    this.#waiters.look();
  }

  #schedule(): void {
    if (this.#isScheduled || !this.#isReady || this.#waiting.isEmpty) return;
    this.#isScheduled = true;
    this.#options.clock.endOfTurn(() => {
      this.#isScheduled = false;
      this.send();
    });
  }

  #sendNext(): void {
    const { clock, metrics } = this.#options;
    const head = this.#run.next(this.#sent.length === 0);
    const items = this.#waiting.takeRecord(this.batchBytes);
    const payload = joinRecord(
      head,
      items.map(({ encoded }) => encoded),
    );
    const record = { n: head.n, items, payload, sinceMs: items[0]?.sinceMs ?? clock.monotonic() };
    metrics.observe("journal_record_bytes", payload.length);
    this.#sent.push(record);
    this.#send(record);
  }

  /** The bytes of items at which another record begins. */
  get batchBytes(): number {
    const { log, limits } = this.#options;
    return Math.min(limits.batchBytes, log.maxRecordBytes - recordHeadBytes);
  }

  #send({ payload }: SentRecord): void {
    this.#options.log.append(payload).catch((error: unknown) => this.fail(error));
  }

  /**
   * Makes the log ready again, and sends the records again that did not come back. Call this when the log is down. The
   * log rejects all calls after a failed one, so one recovery is for all of them.
   */
  fail(error: unknown): void {
    // Before the start, the first append fails too.
    if (this.#isClosed || this.#timer === undefined) return;
    this.#isReady = false;
    this.#recovery.begin(error);
    this.#waiters.look();
  }

  #goOn(): void {
    this.#isReady = true;
    for (let index = 0; index < this.#sent.length; index += 1) {
      const record = this.#sent.at(index);
      if (record !== undefined) this.#send(record);
    }
    this.#schedule();
    this.#waiters.look();
  }

  #tellLate(): void {
    const lateMs = this.#options.clock.monotonic() - this.#options.limits.appendSeconds * 1000;
    this.#forEach(({ late, sinceMs }) => {
      if (sinceMs <= lateMs) late?.();
      return sinceMs <= lateMs;
    });
  }

  /** Calls `visit` for each item, oldest first, until it returns false. */
  #forEach(visit: (item: PendingItem) => unknown): void {
    for (let index = 0; index < this.#sent.length; index += 1)
      for (const item of this.#sent.at(index)?.items ?? []) if (visit(item) === false) return;
    for (const item of this.#waiting) if (visit(item) === false) return;
  }
}

function drop({ dropped, late }: PendingItem): void {
  if (dropped === undefined) late?.();
  else dropped();
}
