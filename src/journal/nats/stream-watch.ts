import type { JetStreamManager, StreamInfo } from "@nats-io/jetstream";
import type { Clock, Timer } from "../../base/clock.js";
import type { Sequence } from "../log/log.js";
import { abortable } from "./abortable.js";
import { isStreamNotFound } from "./engine/engine-errors.js";
import type { LogExtent } from "./record-sizes.js";

/** The least time between two shared questions, in milliseconds. */
const sharedMs = 100;

/** The time after which a question is repeated, in milliseconds. A server without a leader of the stream may be silent. */
const againMs = 250;

export interface StreamWatchOptions {
  readonly engine: { readonly manager: { readonly streams: Pick<JetStreamManager["streams"], "info"> } };
  readonly clock: Pick<Clock, "after" | "every" | "monotonic">;
  /** The state of the stream when the log was opened. */
  readonly info: StreamInfo;
}

/** Asks the engine for the state of the stream of records, and keeps the last answer. */
export class StreamWatch {
  readonly #engine: StreamWatchOptions["engine"];
  readonly #stream: string;
  readonly #clock: StreamWatchOptions["clock"];
  #info: StreamInfo;
  #head: Sequence;
  #newerBytes = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  #next: Promise<StreamInfo> | undefined;

  constructor(options: StreamWatchOptions) {
    this.#engine = options.engine;
    this.#clock = options.clock;
    this.#info = options.info;
    this.#stream = options.info.config.name;
    this.#head = options.info.state.last_seq;
  }

  /** What the engine said last, and the newer records that this hub has seen. */
  get extent(): LogExtent {
    const { first_seq: first, bytes } = this.#info.state;
    const head = this.#head;
    return { first: Math.min(Math.max(1, first), head + 1), head, bytes: bytes + this.#newerBytes };
  }

  /** Notes a record that the engine has acknowledged or sent. */
  saw(sequence: Sequence, bytes: number): void {
    if (sequence <= this.#head) return;
    this.#head = sequence;
    this.#newerBytes += bytes;
  }

  /** Asks now. The leader of the stream answers. Rejects if no answer comes in time. */
  async ask(): Promise<StreamInfo> {
    this.#askedMs = this.#clock.monotonic();
    const info = await this.#engine.manager.streams.info(this.#stream);
    this.#info = info;
    if (info.state.last_seq >= this.#head) {
      this.#head = info.state.last_seq;
      this.#newerBytes = 0;
    }
    return info;
  }

  /** Asks again and again. Rejects if there is no stream, or when the signal aborts. */
  async answered(signal: AbortSignal): Promise<StreamInfo> {
    let asking: Timer | undefined;
    const answer = new Promise<StreamInfo>((resolve, reject) => {
      const ask = (): void =>
        void this.ask().then(resolve, (error: unknown) => {
          if (isStreamNotFound(error)) reject(error);
        });
      asking = this.#clock.every(againMs, ask);
      ask();
    });
    try {
      return await abortable(answer, signal);
    } finally {
      asking?.cancel();
    }
  }

  /** Replaces all that is known, when the log begins anew. */
  restart(info: StreamInfo): void {
    this.#info = info;
    this.#head = info.state.last_seq;
    this.#newerBytes = 0;
  }

  /** Asks at most once each 100 milliseconds. All callers share the question that is asked after their call. */
  asked(): Promise<StreamInfo> {
    this.#next ??= this.#askNext();
    return this.#next;
  }

  async #askNext(): Promise<StreamInfo> {
    // Waits in any case: a caller that comes after the question was sent needs another one.
    const waitMs = Math.max(0, this.#askedMs + sharedMs - this.#clock.monotonic());
    await new Promise<void>((resolve) => void this.#clock.after(waitMs, resolve));
    this.#next = undefined;
    return this.ask();
  }
}
