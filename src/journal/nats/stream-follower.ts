import type { StreamInfo, StreamState } from "@nats-io/jetstream";
import type { Clock, Timer } from "../../base/clock.js";
import { CompactingQueue } from "../../base/compacting-queue.js";
import { messageOf } from "../../base/errors.js";
import { Waiters } from "../../base/waiters.js";
import type { Sequence, StoredRecord } from "../log/log.js";
import { Delivery } from "./engine/delivery.js";
import type { Engine } from "./engine/engine.js";
import { isStreamNotFound } from "./engine/engine-errors.js";

/** The pause before the next delivery, in milliseconds. */
const retryMs = 200;

/** The longest wait for the first record of a delivery, in milliseconds. A server may lag behind the leader. */
const firstRecordMs = 5000;

/**
 * The time for which the engine must show that it lost records, in milliseconds. A new leader may not have applied its
 * newest records yet.
 */
const doubtMs = 2000;

export interface StreamFollowerHandler {
  /** @param atMs the time at which the engine stored the record */
  take(record: StoredRecord, atMs: number): void | Promise<void>;
  lost(upTo: Sequence): void;
  /** The engine sends nothing. The follower tries again until it is closed. */
  interrupted(reason: string): void;
  /** The stream does not continue the records that were taken. The follower has ended. */
  restarted(reason: string): void;
  /** `take` failed. The follower has ended. */
  failed(error: unknown): void;
}

export interface StreamFollowerOptions {
  readonly engine: Engine;
  readonly stream: string;
  readonly clock: Clock;
  /** The state of the stream, as its leader knows it. */
  readonly ask: () => Promise<StreamInfo>;
  readonly after: Sequence;
}

/** A record, or the call that lets the engine send more. */
type Arrival = ArrivedRecord | (() => void);

interface ArrivedRecord extends StoredRecord {
  readonly atMs: number;
}

/**
 * Follows a stream over all failures of its deliveries. Each delivery begins with the last record that was taken, and
 * shows by its content that the stream still has this record.
 */
export class StreamFollower {
  readonly #options: StreamFollowerOptions;
  readonly #handler: StreamFollowerHandler;
  readonly #arrivals = new CompactingQueue<Arrival>();
  readonly #waiters = new Waiters();
  #delivery: Delivery | undefined;
  /** Resolves the promise for the end of the delivery; undefined if no delivery is open. */
  #ended: ((reason: string) => void) | undefined;
  /** The number of the last record that was passed to `take`. */
  #taken: Sequence;
  /** The content of this record; undefined if the follower has taken none. */
  #last: Buffer | undefined;
  /** The number of the last record for which `take` is done. */
  #done: Sequence;
  #isTaking = false;
  #isLive = false;
  #isOver = false;
  #doubtSinceMs: number | undefined;
  #retry: Timer | undefined;

  constructor(options: StreamFollowerOptions, handler: StreamFollowerHandler) {
    this.#options = options;
    this.#handler = handler;
    this.#taken = options.after;
    this.#done = options.after;
  }

  /** True while the engine sends records and heartbeats, and the stream continues what was taken. */
  get isLive(): boolean {
    return this.#isLive;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Begins to follow. */
  start(): void {
    void this.#deliver();
  }

  /** True if all records up to this number are taken. */
  has(sequence: Sequence): boolean {
    return this.#done >= sequence;
  }

  /** Resolves when all records up to this number are taken, or when the follower has ended. */
  until(sequence: Sequence): Promise<void> {
    return this.#waiters.until(() => this.has(sequence) || this.#isOver);
  }

  /** Ends the delivery, because the connection is lost. */
  disconnected(): void {
    this.#endDelivery("the connection is lost");
  }

  close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#retry?.cancel();
    this.#endDelivery("the follower is closed");
    this.#waiters.look();
  }

  /** One delivery, from its begin to its end. */
  async #deliver(): Promise<void> {
    const reason = await this.#delivered().catch((error: unknown) => this.#refused(error));
    if (this.#isOver) return;
    this.#endDelivery(reason);
    this.#retry = this.#options.clock.after(retryMs, () => void this.#deliver());
  }

  /** Resolves with the reason for which the delivery ended. */
  async #delivered(): Promise<string> {
    if (!this.#options.engine.isConnected) return "there is no connection";
    let end: (reason: string) => void = () => undefined;
    const ended = new Promise<string>((resolve) => (end = resolve));
    this.#ended = end;
    // If the connection is lost in the meantime, the responses never come.
    const begun = this.#begin(() => this.#ended === end);
    await Promise.race([begun, ended]);
    return ended;
  }

  /** @param isOpen false once this delivery has ended */
  async #begin(isOpen: () => boolean): Promise<void> {
    const { engine, stream, clock, ask } = this.#options;
    const from = Math.max(1, this.#taken);
    const delivery = await Delivery.start(
      { engine, stream, from, clock },
      {
        record: (record, { atMs }) => isOpen() && this.#arrive({ ...record, atMs }),
        window: (proceed) => isOpen() && this.#enqueue(proceed),
        ended: (reason) => isOpen() && this.#endDelivery(reason),
      },
    );
    if (!isOpen()) {
      delivery.close();
      return;
    }
    this.#delivery = delivery;
    const { state } = await ask();
    if (isOpen() && !this.#isLive) this.#compare(state);
  }

  #endDelivery(reason: string): void {
    const ended = this.#ended;
    if (ended === undefined) return;
    this.#ended = undefined;
    this.#isLive = false;
    this.#delivery?.close();
    this.#delivery = undefined;
    this.#arrivals.clear();
    ended(reason);
    if (!this.#isOver) this.#handler.interrupted(reason);
  }

  #refused(error: unknown): string {
    if (isStreamNotFound(error)) this.#doubt("the stream was deleted");
    return messageOf(error);
  }

  /** Decides by the state of the stream what the first record of the delivery cannot show. */
  #compare({ first_seq: first, last_seq: last }: StreamState): void {
    if (last < this.#taken) {
      const reason = `the newest record of the stream is ${last}, before ${this.#taken}`;
      this.#doubt(reason);
      this.#endDelivery(reason);
    } else if (this.#taken > 0 && first <= this.#taken) {
      const delivery = this.#delivery;
      this.#options.clock.after(firstRecordMs, () => {
        if (!this.#isLive && this.#delivery === delivery) this.#endDelivery("NATS sends no record");
      });
    } else if (this.#last !== undefined) {
      this.#restart(`the stream has no record ${this.#taken} any more`);
    } else {
      if (first > this.#taken + 1) this.#lose(first - 1);
      this.#goLive();
    }
  }

  #arrive(record: ArrivedRecord): void {
    if (this.#isLive) {
      this.#enqueue(record);
      return;
    }
    const isTaken = record.sequence === this.#taken;
    if (this.#last !== undefined && !(isTaken && this.#last.equals(record.payload))) {
      this.#restart(`the stream has other records since ${this.#taken}`);
      return;
    }
    this.#last = record.payload;
    this.#goLive();
    if (!isTaken) this.#enqueue(record);
  }

  #goLive(): void {
    this.#isLive = true;
    this.#doubtSinceMs = undefined;
  }

  /** Ends the follower if the stream has shown a loss for long enough. */
  #doubt(reason: string): void {
    const nowMs = this.#options.clock.monotonic();
    this.#doubtSinceMs ??= nowMs;
    if (nowMs - this.#doubtSinceMs >= doubtMs) this.#restart(reason);
  }

  #restart(reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.#handler.restarted(reason);
  }

  #lose(upTo: Sequence): void {
    this.#handler.lost(upTo);
    this.#taken = upTo;
    this.#done = upTo;
    this.#waiters.look();
  }

  #enqueue(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    if (!this.#isTaking) void this.#takeAll();
  }

  async #takeAll(): Promise<void> {
    this.#isTaking = true;
    try {
      for (let next = this.#arrivals.shift(); next !== undefined; next = this.#arrivals.shift()) {
        if (typeof next === "function") next();
        else await this.#take(next);
      }
    } catch (error) {
      this.close();
      this.#handler.failed(error);
    } finally {
      this.#isTaking = false;
    }
  }

  async #take(record: ArrivedRecord): Promise<void> {
    const { sequence, payload, atMs } = record;
    if (sequence !== this.#taken + 1) this.#lose(sequence - 1);
    this.#taken = sequence;
    this.#last = payload;
    const taken = this.#handler.take({ sequence, payload }, atMs);
    if (taken !== undefined) await taken;
    this.#done = sequence;
    this.#waiters.look();
  }
}
