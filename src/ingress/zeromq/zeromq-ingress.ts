import { Pull } from "zeromq";
import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { CurveServer } from "../../zeromq/curve/keys.js";
import { PharosError, toPharosError } from "../../base/errors.js";
import type { Publication } from "../../hub/publications/publication.js";
import { defaultPublicationLimits, type PublicationLimits } from "../../limits/publications.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import { attach } from "../../zeromq/bind.js";
import { CurveGate } from "./curve-gate.js";
import type { Endpoint } from "../../zeromq/endpoint.js";
import { parseIngestMessage } from "./message.js";
import type { PublicationSink } from "../publication-sink.js";

export interface IngressOptions {
  readonly endpoint: Endpoint;
  readonly sink: PublicationSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Required to bind an endpoint that is not loopback; no effect on other endpoints. @default none */
  readonly curve?: CurveServer | undefined;
  /** @default defaultPublicationLimits */
  readonly publicationLimits?: PublicationLimits;
  /** @default defaultIngressLimits */
  readonly limits?: Partial<IngressLimits>;
}

export interface IngressLimits {
  /**
   * The largest frame in bytes. A publisher that sends a larger one is disconnected, and the message is lost.
   */
  readonly frameBytes: number;
  /**
   * Messages that ZeroMQ queues for each publisher before it stops reading from it. 0 means no limit.
   */
  readonly queuedMessages: number;
  /** Milliseconds of reading in one turn of the event loop; then other work runs. */
  readonly turnMs: number;
  /** The time in which `close` still reads messages that publishers have sent, in milliseconds. */
  readonly drainMs: number;
  /** After this time without a message, `close` assumes that no more is on its way, in milliseconds. */
  readonly quietMs: number;
}

/**
 * 128 queued messages are 128 MiB for a publisher of the largest frames, and 25 KB for one of 200 bytes. That is as
 * fast as 1,000 (96,000 and 98,000 messages/s). libzmq has no limit for the number of frames of a message: it collects
 * them all, and the message is then refused.
 */
export const defaultIngressLimits: IngressLimits = Object.freeze({
  frameBytes: defaultPublicationLimits.dataBytes,
  queuedMessages: 128,
  turnMs: 4,
  drainMs: 1000,
  quietMs: 50,
});

/**
 * Receives publications from ZeroMQ publishers at one endpoint. Each message is published or refused as a whole;
 * refusals are counted, and logged at a limited rate. It reads only while the sink accepts publications. Unread
 * messages fill the queues back to the publishers, whose sends then wait. ZeroMQ reconnects after restarts and broken
 * connections.
 */
export class ZeroMqIngress {
  /** The bound or connected address, with the real port. */
  readonly address: string;
  readonly #options: IngressOptions;
  readonly #limits: IngressLimits;
  readonly #socket: Pull;
  readonly #gate: CurveGate | undefined;
  readonly #warn: LimitedLog;
  readonly #reading: Promise<void>;
  readonly #unsettled = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  #waiting = false;
  #received = 0;
  #ended = false;
  #drainUntil = Number.POSITIVE_INFINITY;
  #wake: () => void = () => undefined;

  private constructor({ socket, gate, address }: Opened, options: IngressOptions) {
    this.#socket = socket;
    this.#gate = gate;
    this.address = address;
    this.#options = options;
    this.#limits = { ...defaultIngressLimits, ...options.limits };
    this.#warn = limitedLog({ logger: options.logger, clock: options.clock, periodMs: 1000 });
    this.#reading = this.#read().finally(() => (this.#ended = true));
  }

  /**
   * Binds or connects, and starts to read. With keys, every publisher beyond loopback needs one. Without keys, an
   * endpoint beyond loopback may be connected, since the hub chooses it, but not bound.
   *
   * @throws PharosError `bad-endpoint` if the endpoint cannot be bound, or needs keys
   */
  static async open(options: IngressOptions): Promise<ZeroMqIngress> {
    const { endpoint, curve, logger, clock, metrics } = options;
    if (!endpoint.isLoopback && curve === undefined) warnOrRefuse(endpoint, logger);
    const keys = endpoint.isLoopback ? undefined : curve;
    const gate = keys === undefined ? undefined : await CurveGate.open({ keys, logger, clock, metrics });
    const limits = { ...defaultIngressLimits, ...options.limits };
    const socket = new Pull({
      receiveHighWaterMark: limits.queuedMessages,
      maxMessageSize: limits.frameBytes,
      linger: 0,
      ...gate?.socketOptions,
    });
    try {
      gate?.watch(socket);
      return new ZeroMqIngress({ socket, gate, address: await attach(socket, endpoint) }, options);
    } catch (error) {
      await gate?.close();
      throw error;
    }
  }

  /**
   * Reads what publishers have already sent, while the sink accepts it, for a second at most. Then it closes, and
   * resolves when all appends are settled. Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#drainUntil = this.#options.clock.monotonic() + this.#limits.drainMs;
    this.#wake();
    // No unbind first: it runs in another thread, and a receive at the same time can abort the process.
    await this.#emptied();
    this.#socket.close();
    await this.#reading;
    await this.#gate?.close();
    await Promise.allSettled(this.#unsettled);
  }

  /** Resolves when reading has ended, or no message has come for `quietMs`. */
  async #emptied(): Promise<void> {
    // An empty queue is not the end. It holds only 128 messages, which one turn reads, while further ones are in the
    // kernel until libzmq's thread fetches them. Stopping here lost half of a flood.
    for (let received = -1; !this.#ended && (!this.#waiting || received !== this.#received);) {
      received = this.#received;
      await new Promise<void>((resolve) => this.#options.clock.after(this.#limits.quietMs, resolve));
    }
  }

  async #read(): Promise<void> {
    const budget = new TurnBudget(this.#options.clock, this.#limits.turnMs);
    for (;;) {
      if (!(await this.#hasRoom())) return;
      const frames = await this.#receive();
      if (frames === undefined) return;
      this.#received += 1;
      this.#take(frames);
      // A receive that finds a message does not leave the turn, so that a flood would block all other work.
      const pause = budget.pauseIfUsedUp();
      if (pause !== undefined) await pause;
    }
  }

  /**
   * Waits until the sink accepts publications. False if reading has to end: the time of `close` is over, or the sink
   * accepts nothing while closing.
   */
  async #hasRoom(): Promise<boolean> {
    for (;;) {
      if (this.#options.clock.monotonic() >= this.#drainUntil) return false;
      const room = this.#options.sink.room();
      if (room === undefined) return true;
      if (this.#closing !== undefined) return false;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        void room.then(resolve, resolve);
      });
    }
  }

  /** The next message; undefined if reading has to end. */
  async #receive(): Promise<readonly Buffer[] | undefined> {
    try {
      this.#waiting = true;
      return await this.#socket.receive();
    } catch (error) {
      if (this.#closing === undefined)
        this.#options.logger.error(
          { error, address: this.address },
          "this endpoint receives no more publications",
        );
      return undefined;
    } finally {
      this.#waiting = false;
    }
  }

  #take(frames: readonly Buffer[]): void {
    try {
      const publications = parseIngestMessage(frames, this.#options.publicationLimits);
      for (const publication of publications) this.#append(publication);
    } catch (error) {
      this.#refused(error);
    }
  }

  #append(publication: Publication): void {
    const appended = this.#options.sink.append(publication);
    if (!(appended instanceof Promise)) return;
    const settled: Promise<unknown> = appended
      .catch((error: unknown) => this.#refused(error))
      .finally(() => this.#unsettled.delete(settled));
    this.#unsettled.add(settled);
  }

  #refused(error: unknown): void {
    const known = toPharosError(error);
    const reason = known.code;
    this.#options.metrics.count("publications_refused_total", 1, { reason });
    const message = known === error ? known.message : "a publication could not be stored";
    this.#warn({ reason, address: this.address, ...(known === error ? {} : { error }) }, message);
  }
}

interface Opened {
  readonly socket: Pull;
  readonly gate: CurveGate | undefined;
  readonly address: string;
}

/** Refuses to bind an endpoint beyond loopback without keys, and warns about connecting one. */
function warnOrRefuse({ mode, address }: Endpoint, logger: Logger): void {
  if (mode === "bind")
    throw new PharosError(
      "bad-endpoint",
      `other machines could publish at ${address}: bind loopback (tcp://127.0.0.1:PORT) or ipc://PATH, or require keys with --ingest-curve FILE (pharos keys FILE creates them)`,
    );
  logger.warn({ address }, "this connection is not encrypted: another program at its address could publish");
}
