import type { StreamInfo, StreamState } from "@nats-io/jetstream";
import { abortable } from "./abortable.js";
import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import { Waiters } from "../../base/waiters.js";
import type { Sequence, StoredRecord } from "../log/log.js";
import type { Engine } from "./engine/engine.js";
import { isStreamNotFound } from "./engine/engine-errors.js";
import { LiveFeed } from "./engine/live-feed.js";
import type { StreamNames } from "./engine/stream-names.js";
import { getRecords, type RecordsGot } from "./get-records.js";
import { readRecords } from "./read-records.js";
import { RecordQueue, type RecordQueueHandler } from "./record-queue.js";

/** The pause before the next delivery, in milliseconds. */
const retryMs = 100;

/**
 * The time for which the engine must show that it lost records, in milliseconds. A new leader may not have applied its
 * newest records yet.
 */
const doubtMs = 2000;

/** After a pause without a sign of a loss, the doubt begins again, in milliseconds: another server may answer by now. */
const doubtEndsAfterMs = 1000;

/** This many records are requested one by one. For more of them, a consumer is faster. */
const mostSingleRecords = 256;

/** The bytes that one consumer reads. */
const pageBytes = 8 * 1024 * 1024;

/** The most comparisons in a row at which a record is late. */
const mostLateLooks = 2;

/** The most bytes of new records that wait. With more, the delivery ends, and reads them again later. */
const mostWaitingBytes = 64 * 1024 * 1024;

export interface StreamFollowerHandler extends RecordQueueHandler {
  /** The engine does not send the newest records. The follower tries again until it is closed. */
  interrupted(reason: string): void;
  /** The stream does not continue the records that were taken. The follower has ended. */
  restarted(reason: string): void;
}

export interface StreamFollowerOptions {
  readonly engine: Engine;
  readonly names: StreamNames;
  readonly clock: Clock;
  /** Asks the leader of the stream for the stream's state, until it responds or the signal aborts. */
  readonly ask: (signal: AbortSignal) => Promise<StreamInfo>;
  readonly after: Sequence;
}

/**
 * Follows a stream over all failures of its deliveries. A delivery reads what the stream has, and then passes what the
 * leader of the stream sends. Each delivery begins with the last record that was taken, and shows by its content that
 * the stream still has this record.
 */
export class StreamFollower {
  readonly #options: StreamFollowerOptions;
  readonly #handler: StreamFollowerHandler;
  readonly #queue: RecordQueue;
  readonly #waiters = new Waiters();
  #delivery: AbortController | undefined;
  /** New records that came before the delivery had read all older ones. */
  #early: StoredRecord[] = [];
  #earlyBytes = 0;
  /** True once the delivery has shown that the stream continues what was taken. */
  #isChecked = false;
  #isLive = false;
  #isOver = false;
  #doubtSinceMs: number | undefined;
  /** The time of the last sign of a loss. */
  #doubtedMs = Number.NEGATIVE_INFINITY;
  /** The leader of the stream when this delivery began. */
  #leader: string | undefined;
  /** A record that the leader has told of, and that the delivery should have brought soon after. */
  #expected: Sequence = 0;
  #lateLooks = 0;

  constructor(options: StreamFollowerOptions, handler: StreamFollowerHandler) {
    this.#options = options;
    this.#handler = handler;
    this.#queue = new RecordQueue(options.after, {
      take: (record) => handler.take(record),
      lost: (upTo) => handler.lost(upTo),
      failed: (error) => {
        this.close();
        handler.failed(error);
      },
    });
  }

  /** True while the engine sends new records, and the stream continues what was taken. */
  get isLive(): boolean {
    return this.#isLive;
  }

  /** Begins to follow. */
  start(): void {
    void this.#run();
  }

  /** True if all records up to this number are taken. */
  has(sequence: Sequence): boolean {
    return this.#queue.has(sequence);
  }

  /** Resolves when all records up to this number are taken, or when the follower has ended. */
  until(sequence: Sequence): Promise<void> {
    return this.#queue.until(sequence);
  }

  /** Begins another delivery. Resolves when all records of the stream are taken, or when the follower has ended. */
  async renew(): Promise<void> {
    if (this.#isLive) this.#endDelivery("the log begins again");
    await this.#waiters.until(() => this.#isLive || this.#isOver);
  }

  /** Call this when the connection is lost, and when there is one again. */
  connectionChanged(): void {
    if (!this.#options.engine.isConnected) this.#interrupt("the connection is lost");
    this.#waiters.look();
  }

  /** Compares the delivery with what the leader of the stream says. Call this about twice a second. */
  compare({ state, cluster }: StreamInfo): void {
    if (!this.#isLive) return;
    if (cluster?.leader !== this.#leader) this.#interrupt("the stream has a new leader");
    else if (this.#queue.arrived >= this.#expected) this.#expect(state.last_seq);
    else if (this.#lateLooks < mostLateLooks) this.#lateLooks += 1;
    else this.#interrupt("NATS does not send the newest records");
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#endDelivery("the follower is closed");
    this.#queue.close();
    this.#waiters.look();
  }

  async #run(): Promise<void> {
    for (;;) {
      await this.#waiters.until(() => this.#options.engine.isConnected || this.#isOver);
      if (this.#isOver) return;
      const delivery = new AbortController();
      this.#delivery = delivery;
      await this.#deliver(delivery.signal).catch((error: unknown) => {
        if (this.#delivery !== delivery) return;
        if (isStreamNotFound(error)) this.#doubt("the stream was deleted");
        this.#interrupt(messageOf(error));
      });
      await new Promise<void>((resolve) => void this.#options.clock.after(retryMs, resolve));
    }
  }

  /** One delivery. Rejects when it ends. */
  async #deliver(signal: AbortSignal): Promise<void> {
    let newest = await this.#ask(signal);
    while (newest - this.#queue.arrived > mostSingleRecords) {
      await this.#catchUp(newest, signal);
      newest = await this.#ask(signal);
    }
    const { engine, names } = this.#options;
    const feed = new LiveFeed(engine, names, (record) => {
      if (!signal.aborted) this.#hear(record);
    });
    try {
      await this.#catchUp(await this.#ask(signal), signal);
      this.#goLive();
      await abortable(new Promise(() => undefined), signal);
    } finally {
      feed.close();
    }
  }

  /** Resolves with the number of the newest record. Rejects if the stream does not continue what was taken. */
  async #ask(signal: AbortSignal): Promise<Sequence> {
    const { state, cluster } = await this.#options.ask(signal);
    this.#leader = cluster?.leader;
    this.#expect(0);
    this.#check(state);
    signal.throwIfAborted();
    return state.last_seq;
  }

  #check({ first_seq: first, last_seq: last }: StreamState): void {
    const { taken, last: content } = this.#queue;
    if (last < taken) {
      const reason = `the newest record of the stream is ${last}, before ${taken}`;
      this.#doubt(reason);
      throw new Error(reason);
    }
    if (taken === 0 || first <= taken) return;
    if (content !== undefined) this.#restart(`the stream has no record ${taken} any more`);
    else if (first > taken + 1) this.#queue.lose(first - 1);
  }

  /** Reads and takes all records up to a number, beginning with the last one that was taken. */
  async #catchUp(upTo: Sequence, signal: AbortSignal): Promise<void> {
    for (let next = Math.max(1, this.#queue.arrived); next <= upTo;) {
      const got = await abortable(this.#read(next, upTo), signal);
      for (const record of got.records) this.#arrive(record);
      await abortable(this.#queue.until(this.#queue.arrived), signal);
      next = got.upTo + 1;
    }
    if (this.#queue.arrived < upTo) this.#queue.lose(upTo);
  }

  /** Reads the first records of a range. */
  async #read(from: Sequence, upTo: Sequence): Promise<RecordsGot> {
    const { engine, names, clock } = this.#options;
    const stream = names.records;
    if (upTo - from >= mostSingleRecords) {
      const records = await readRecords({ engine, stream, from, clock }, pageBytes);
      return { records, upTo: records.at(-1)?.sequence ?? from };
    }
    const got = await getRecords(engine, { stream, from, upTo });
    const isComplete = got.records.length > got.upTo - from;
    if (isComplete || this.#isCertain()) return got;
    throw new Error(`the leader of the stream does not have all records up to ${got.upTo}`);
  }

  /** Adds a record that was read. */
  #arrive(record: StoredRecord): void {
    const { taken, last, arrived } = this.#queue;
    const isRepeated = record.sequence === taken && last?.equals(record.payload) === true;
    if (!this.#isChecked && last !== undefined && !isRepeated)
      this.#restart(`the stream has other records since ${taken}`);
    this.#isChecked = true;
    if (record.sequence > arrived) this.#queue.add(record);
  }

  /** A record that the leader has just stored. */
  #hear(record: StoredRecord): void {
    const next = this.#queue.arrived + 1;
    if (!this.#isLive) {
      this.#early.push(record);
      this.#earlyBytes += record.payload.length;
    } else if (record.sequence === next) this.#queue.add(record);
    else this.#interrupt(`NATS sends record ${record.sequence}, not ${next}`);
    if (this.#queue.bytes + this.#earlyBytes > mostWaitingBytes)
      this.#interrupt("this hub is slower than the other hubs");
  }

  #goLive(): void {
    const early = this.#early;
    this.#forgetEarly();
    this.#isLive = true;
    this.#doubtSinceMs = undefined;
    for (const record of early) if (this.#isLive && record.sequence > this.#queue.arrived) this.#hear(record);
    this.#waiters.look();
  }

  #expect(sequence: Sequence): void {
    this.#expected = sequence;
    this.#lateLooks = 0;
  }

  #forgetEarly(): void {
    this.#early = [];
    this.#earlyBytes = 0;
  }

  #interrupt(reason: string): void {
    if (this.#endDelivery(reason)) this.#handler.interrupted(reason);
  }

  /** Returns false if there is no delivery. */
  #endDelivery(reason: string): boolean {
    const delivery = this.#delivery;
    if (delivery === undefined) return false;
    this.#delivery = undefined;
    this.#isLive = false;
    this.#isChecked = false;
    this.#queue.clear();
    this.#forgetEarly();
    delivery.abort(new Error(reason));
    return true;
  }

  /** Ends the follower if the stream has shown a loss for long enough. */
  #doubt(reason: string): void {
    if (this.#isCertain()) this.#restart(reason);
  }

  /** Notes a sign of a loss. True if the engine has shown the loss for long enough. */
  #isCertain(): boolean {
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - this.#doubtedMs > doubtEndsAfterMs) this.#doubtSinceMs = undefined;
    this.#doubtedMs = nowMs;
    this.#doubtSinceMs ??= nowMs;
    return nowMs - this.#doubtSinceMs >= doubtMs;
  }

  #restart(reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#handler.restarted(reason);
  }
}
