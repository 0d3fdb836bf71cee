import { encodePayload, monotonicUs, payloadBytes } from "./payload.js";
import type { Sender } from "./sender.js";

/** So many a second, evenly, until it is stopped. */
export interface Pace {
  readonly perSecond: number;
  /** Of each publication's data. @default payloadBytes */
  readonly bytes?: number;
}

/** What has been published since the connection was made. */
export interface Published {
  readonly count: number;
  /** Of this stretch alone. */
  readonly stretch: number;
  readonly seconds: number;
}

/** Publishes to its streams in turn, each with a sequence of its own that begins at 1. */
export class Publishing {
  readonly #sender: Sender;
  readonly #streams: number;
  #bytes: number = payloadBytes;
  #count = 0;
  #stretchFrom = 0;
  #startedAt = performance.now();
  #pacing: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(sender: Sender, streams: number) {
    this.#sender = sender;
    this.#streams = streams;
  }

  /** Publishes at a pace until {@link stop}; what a waiting server holds up is sent as soon as it takes it. */
  begin(pace: Pace): void {
    this.#begin();
    this.#stopped = false;
    this.#bytes = pace.bytes ?? payloadBytes;
    this.#pacing = this.#paced(pace.perSecond);
  }

  /** Resolves when the last is handed over. */
  async stop(): Promise<Published> {
    this.#stopped = true;
    await this.#pacing;
    return this.#published();
  }

  /** Publishes so many as fast as the server takes them. */
  async publish(count: number): Promise<Published> {
    this.#begin();
    this.#bytes = payloadBytes;
    for (let left = count; left > 0; left--) {
      const waiting = this.#sendOne();
      if (waiting !== undefined) await waiting;
      // ZeroMQ's thread and the socket get their turn.
      else if (left % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#published();
  }

  #begin(): void {
    this.#stretchFrom = this.#count;
    this.#startedAt = performance.now();
  }

  #published(): Published {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return { count: this.#count, stretch: this.#count - this.#stretchFrom, seconds };
  }

  async #paced(perSecond: number): Promise<void> {
    let sent = 0;
    while (!this.#stopped) {
      const due = Math.floor(((performance.now() - this.#startedAt) / 1000) * perSecond) + 1;
      for (const until = Math.min(due, sent + 1000); sent < until && !this.#stopped; sent++) {
        const waiting = this.#sendOne();
        if (waiting !== undefined) await waiting;
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  #sendOne(): Promise<void> | undefined {
    const stream = this.#count % this.#streams;
    const sequence = Math.floor(this.#count / this.#streams) + 1;
    this.#count += 1;
    return this.#sender.send(
      stream,
      encodePayload({ sequence, stream, sentUs: monotonicUs(), bytes: this.#bytes }),
    );
  }
}
