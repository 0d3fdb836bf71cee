import { encodePayload, monotonicUs, payloadBytes } from "./payload.js";
import type { Sender } from "./sender.js";

export interface PublishRate {
  readonly perSecond: number;
  /** Length of each publication's data. @default payloadBytes */
  readonly bytes?: number;
}

export interface Published {
  /** Publications since the start of the connection. */
  readonly total: number;
  /** Publications since the last `begin` or `publish`. */
  readonly inPeriod: number;
  /** Time since the last `begin` or `publish`, in seconds. */
  readonly seconds: number;
}

/**
 * Publishes to one stream after another, and begins again after the last. Each stream has its own sequence numbers,
 * from 1.
 */
export class Publishing {
  readonly #sender: Sender;
  readonly #streams: number;
  #bytes: number = payloadBytes;
  #total = 0;
  #totalBefore = 0;
  #startedAt = performance.now();
  #running: Promise<void> = Promise.resolve();
  #stopped = true;

  constructor(sender: Sender, streams: number) {
    this.#sender = sender;
    this.#streams = streams;
  }

  /**
   * Publishes at a rate until {@link stop}. If the publisher had to wait for the server, it then publishes as fast as
   * possible until it has caught up.
   */
  begin(rate: PublishRate): void {
    this.#beginPeriod();
    this.#stopped = false;
    this.#bytes = rate.bytes ?? payloadBytes;
    this.#running = this.#publishAtRate(rate.perSecond);
  }

  /** Resolves when the last publication is sent. */
  async stop(): Promise<Published> {
    this.#stopped = true;
    await this.#running;
    return this.#published();
  }

  /** Publishes as fast as the server accepts. */
  async publish(count: number): Promise<Published> {
    this.#beginPeriod();
    this.#bytes = payloadBytes;
    for (let left = count; left > 0; left--) {
      const waiting = this.#sendOne();
      if (waiting !== undefined) await waiting;
      // Gives ZeroMQ's thread and the socket time to send.
      else if (left % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return this.#published();
  }

  #beginPeriod(): void {
    this.#totalBefore = this.#total;
    this.#startedAt = performance.now();
  }

  #published(): Published {
    const seconds = (performance.now() - this.#startedAt) / 1000;
    return { total: this.#total, inPeriod: this.#total - this.#totalBefore, seconds };
  }

  async #publishAtRate(perSecond: number): Promise<void> {
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
    const stream = this.#total % this.#streams;
    const sequence = Math.floor(this.#total / this.#streams) + 1;
    this.#total += 1;
    return this.#sender.send(
      stream,
      encodePayload({ sequence, stream, sentUs: monotonicUs(), bytes: this.#bytes }),
    );
  }
}
