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
  /** Keys for an endpoint that is not loopback, which cannot be bound without; others have no effect. @default none */
  readonly curve?: CurveServer | undefined;
  /** @default defaultPublicationLimits */
  readonly publicationLimits?: PublicationLimits;
  /** @default defaultIngressLimits */
  readonly limits?: Partial<IngressLimits>;
}

export interface IngressLimits {
  /** The largest frame in bytes; a peer that sends a larger one is cut, and that message is lost. */
  readonly frameBytes: number;
  /** Messages that ZeroMQ holds for each publisher before it stops reading from it. 0 would mean no limit. */
  readonly queuedMessages: number;
  /** Milliseconds of reading in one turn of the event loop; then other work goes on. */
  readonly turnMs: number;
  /** Most milliseconds that `close` reads on, for what publishers have already sent. */
  readonly drainMs: number;
  /** Milliseconds without a message after which `close` takes it that nothing more is on its way. */
  readonly quietMs: number;
}

/**
 * With 128 queued messages a publisher of the largest frames holds
 * 128 MiB here, one of 200 bytes 25 KB, as fast as with 1,000 (96,000 and 98,000 messages/s). libzmq
 * has no limit for the number of frames: it gathers a message of any number, which is then refused.
 */
export const defaultIngressLimits: IngressLimits = Object.freeze({
  frameBytes: defaultPublicationLimits.dataBytes,
  queuedMessages: 128,
  turnMs: 4,
  drainMs: 1000,
  quietMs: 50,
});

/**
 * Takes publications from ZeroMQ publishers on one endpoint. Each message is published as a whole or
 * refused as a whole, counted and logged at a limited rate. It reads only while the sink has room: what is
 * not read fills the queues up to the publishers, whose sends then wait. Restarts of publishers and broken
 * links heal by themselves.
 */
export class ZeroMqIngress {
  /** The address in use, with the port that a bind to a free one was given. */
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
   * Binds or connects, and begins to read. With keys, every publisher beyond loopback needs its own; without them
   * an endpoint there may be connected to, since the hub names it, but not bound.
   *
   * @throws PharosError `bad-endpoint` when the endpoint cannot be bound, or may not be without keys
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
   * Reads what publishers have already sent and the sink has room for, for a second at most while more keeps
   * coming; then closes, and resolves when every append has settled. Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#drainUntil = this.#options.clock.monotonic() + this.#limits.drainMs;
    this.#wake();
    // No unbind first: the binding does that in another thread, and a receive at the same time can abort the process.
    await this.#emptied();
    this.#socket.close();
    await this.#reading;
    await this.#gate?.close();
    await Promise.allSettled(this.#unsettled);
  }

  /** Resolves when reading has ended, or has waited for a message for `quietMs`. */
  async #emptied(): Promise<void> {
    // An empty queue is not the end: it holds 128 messages, a turn takes them all, and what publishers have sent
    // lies in the kernel until libzmq's thread fetches more. Ending there lost half of what a flood had sent.
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
      // A receive that finds a message resolves without leaving the turn: a flood would hold up everything else.
      const pause = budget.pauseIfUsedUp();
      if (pause !== undefined) await pause;
    }
  }

  /** Waits for room in the sink. False when reading is to end: out of room or of time while closing. */
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

  /** The next message, or undefined when reading is to end. */
  async #receive(): Promise<readonly Buffer[] | undefined> {
    try {
      this.#waiting = true;
      return await this.#socket.receive();
    } catch (error) {
      if (this.#closing === undefined)
        this.#options.logger.error(
          { error, address: this.address },
          "this endpoint takes no more publications",
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
    const message = known === error ? known.message : "a publication could not be taken";
    this.#warn({ reason, address: this.address, ...(known === error ? {} : { error }) }, message);
  }
}

interface Opened {
  readonly socket: Pull;
  readonly gate: CurveGate | undefined;
  readonly address: string;
}

/** For an endpoint beyond loopback without keys. */
function warnOrRefuse({ mode, address }: Endpoint, logger: Logger): void {
  if (mode === "bind")
    throw new PharosError(
      "bad-endpoint",
      `other machines could publish at ${address}: bind it to loopback (tcp://127.0.0.1:PORT) or ipc://PATH, or let publishers in by their keys with --ingest-curve FILE (pharos keys FILE makes them)`,
    );
  logger.warn({ address }, "what comes from there is not encrypted, and whoever takes its place may publish");
}
