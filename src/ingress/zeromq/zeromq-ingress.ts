import type { Clock } from "../../base/clock.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { CurveServer } from "../../zeromq/curve/keys.js";
import { toPharosError } from "../../base/errors.js";
import type { Publication } from "../../hub/publications/publication.js";
import { defaultPublicationLimits, type PublicationLimits } from "../../limits/publications.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import { checkEndpoint } from "./check-endpoint.js";
import { CurveGate } from "./curve-gate.js";
import { type AdmitPublisher, openSource } from "./open-source.js";
import type { Endpoint } from "../../zeromq/endpoint.js";
import type { MessageSource } from "../../zeromq/message-source.js";
import { parseIngestMessage } from "./message.js";
import type { PublicationSink } from "../publication-sink.js";

export interface IngressOptions {
  readonly endpoint: Endpoint;
  readonly sink: PublicationSink;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /**
   * The hub's keys, required to bind an endpoint that is not loopback. The keys have no effect on loopback endpoints.
   * @default none
   */
  readonly curve?: CurveServer | undefined;
  /** Decides on each new publisher of an endpoint that is bound without libzmq. @default accepts all */
  readonly admit?: AdmitPublisher;
  /** @default defaultPublicationLimits */
  readonly publicationLimits?: PublicationLimits;
  /** @default defaultIngressLimits */
  readonly limits?: Partial<IngressLimits>;
}

export interface IngressLimits {
  /** The largest frame in bytes. ZeroMQ disconnects a publisher that sends a larger frame, and drops the message. */
  readonly frameBytes: number;
  /**
   * The number of messages that libzmq queues for each publisher of an endpoint that connects or has keys. At this
   * number libzmq stops reading from the publisher. 0 means no limit.
   */
  readonly queuedMessages: number;
  /** The time for reading in one turn of the event loop, in milliseconds. After this time, other work runs. */
  readonly turnMs: number;
  /** The time during which `close` still reads messages that publishers have sent, in milliseconds. */
  readonly drainMs: number;
  /** After this time without a message, `close` assumes that no more messages follow, in milliseconds. */
  readonly quietMs: number;
}

/**
 * 128 queued messages use 128 MiB for a publisher of the largest frames, and 25 KB for a publisher of 200-byte
 * messages. A queue of 128 is as fast as a queue of 1,000 (96,000 and 98,000 messages/s). The library libzmq does not
 * limit the number of frames in a message. libzmq collects all frames, and only then can the hub refuse the message.
 */
export const defaultIngressLimits: IngressLimits = Object.freeze({
  frameBytes: defaultPublicationLimits.dataBytes,
  queuedMessages: 128,
  turnMs: 4,
  drainMs: 1000,
  quietMs: 50,
});

/**
 * Receives publications from ZeroMQ publishers at one endpoint. Each message is published or refused as a whole. The
 * ingress counts refused messages, and logs them at a limited rate. The ingress reads only while the sink accepts
 * publications. Unread messages fill first the queue of the hub, and then the queues of the publishers. When all queues
 * are full, a publisher's send waits. ZeroMQ reconnects after restarts and broken connections.
 */
export class ZeroMqIngress {
  /** The address that is bound or connected, with the real port. */
  readonly address: string;
  readonly #options: IngressOptions;
  readonly #limits: IngressLimits;
  readonly #source: MessageSource;
  readonly #gate: CurveGate | undefined;
  readonly #warn: LimitedLog;
  readonly #reading: Promise<void>;
  /** What the sink has not stored yet: promises, and the number of publications of each. */
  readonly #unsettled = new Map<Promise<void>, number>();
  #closing: Promise<void> | undefined;
  #waiting = false;
  #received = 0;
  #ended = false;
  #drainUntil = Number.POSITIVE_INFINITY;
  #wake: () => void = () => undefined;

  private constructor({ source, gate }: Opened, options: IngressOptions) {
    this.#source = source;
    this.#gate = gate;
    this.address = source.address;
    this.#options = options;
    this.#limits = { ...defaultIngressLimits, ...options.limits };
    this.#warn = limitedLog({ logger: options.logger, clock: options.clock, periodMs: 1000 });
    this.#reading = this.#read().finally(() => (this.#ended = true));
  }

  /**
   * Binds or connects, and starts to read. With keys, every publisher on another machine needs a key. Without keys, the
   * hub may connect to an endpoint on another machine, since the hub itself chooses this endpoint. Without keys, the
   * hub may not bind an endpoint that other machines can reach.
   *
   * @throws PharosError `bad-endpoint` if the endpoint cannot be bound, or needs keys
   */
  static async open(options: IngressOptions): Promise<ZeroMqIngress> {
    const { endpoint, curve, logger, clock, metrics } = options;
    if (curve === undefined) checkEndpoint(endpoint, logger);
    const keys = endpoint.isLoopback ? undefined : curve;
    const gate = keys === undefined ? undefined : await CurveGate.open({ keys, logger, clock, metrics });
    const { frameBytes: maxFrameBytes, queuedMessages } = { ...defaultIngressLimits, ...options.limits };
    try {
      const source = await openSource({ ...options, gate, maxFrameBytes, queuedMessages });
      return new ZeroMqIngress({ source, gate }, options);
    } catch (error) {
      await gate?.close();
      throw error;
    }
  }

  /**
   * Reads the messages that publishers have already sent, for `drainMs` at most, and only while the sink accepts
   * messages. The method then closes the socket, and resolves when the sink has stored or refused all publications.
   * Safe to call twice.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#drainUntil = this.#options.clock.monotonic() + this.#limits.drainMs;
    this.#wake();
    // The ingress does not unbind a socket of libzmq before: an unbind runs in another thread, and a receive at the same
    // time can abort the process.
    await this.#emptied();
    this.#source.close();
    await this.#reading;
    await this.#gate?.close();
    await Promise.allSettled(this.#unsettled.keys());
  }

  /** Resolves when reading has ended, or when no message has arrived for `quietMs`. */
  async #emptied(): Promise<void> {
    // An empty queue does not mean that all messages are read: further messages are in the kernel. An earlier version
    // stopped at an empty queue, and half of a flood was lost.
    for (let received = -1; !this.#ended && (!this.#waiting || received !== this.#received);) {
      received = this.#received;
      await new Promise<void>((resolve) => this.#options.clock.after(this.#limits.quietMs, resolve));
    }
  }

  async #read(): Promise<void> {
    const budget = new TurnBudget(this.#options.clock, this.#limits.turnMs);
    for (;;) {
      if (this.#mayWait && !(await this.#hasRoom())) return;
      const received = this.#receive();
      const frames = received instanceof Promise ? await this.#arrived(received) : received;
      if (frames === undefined) return;
      this.#received += 1;
      this.#take(frames);
      // If a message is already there, `receive` does not end the turn of the event loop. Without a pause, a flood of
      // messages would block all other work.
      const pause = budget.pauseIfUsedUp();
      if (pause !== undefined) await pause;
    }
  }

  /** False while the sink accepts publications and the ingress is open: a wait for each message would cost more than the message. */
  get #mayWait(): boolean {
    return this.#closing !== undefined || this.#options.sink.room() !== undefined;
  }

  /**
   * Waits until the sink accepts publications. Returns false if reading has to end: `drainMs` is over, or the sink
   * accepts nothing while the ingress closes.
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
  #receive(): ReturnType<MessageSource["receive"]> | undefined {
    try {
      return this.#source.receive();
    } catch (error) {
      return this.#ends(error);
    }
  }

  async #arrived(received: Promise<readonly Buffer[]>): Promise<readonly Buffer[] | undefined> {
    try {
      this.#waiting = true;
      return await received;
    } catch (error) {
      return this.#ends(error);
    } finally {
      this.#waiting = false;
    }
  }

  #ends(error: unknown): undefined {
    if (this.#closing === undefined)
      this.#options.logger.error(
        { error, address: this.address },
        "this endpoint receives no more publications",
      );
  }

  #take(frames: readonly Buffer[]): void {
    try {
      const publications = parseIngestMessage(frames, this.#options.publicationLimits);
      for (const publication of publications) this.#add(publication);
    } catch (error) {
      this.#refused(error);
    }
  }

  #add(publication: Publication): void {
    try {
      const stored = this.#options.sink.add(publication);
      if (stored !== undefined) this.#await(stored);
    } catch (error) {
      // Too large for the journal. The other publications of the message are not.
      this.#refused(error);
    }
  }

  #await(stored: Promise<void>): void {
    const count = this.#unsettled.get(stored);
    if (count === undefined) void this.#settle(stored);
    this.#unsettled.set(stored, (count ?? 0) + 1);
  }

  async #settle(stored: Promise<void>): Promise<void> {
    try {
      await stored;
    } catch (error) {
      this.#refused(error, this.#unsettled.get(stored));
    } finally {
      this.#unsettled.delete(stored);
    }
  }

  #refused(error: unknown, publications = 1): void {
    const known = toPharosError(error);
    const reason = known.code;
    this.#options.metrics.count("publications_refused_total", publications, { reason });
    const message = known === error ? known.message : "a publication could not be stored";
    this.#warn({ reason, address: this.address, ...(known === error ? {} : { error }) }, message);
  }
}

interface Opened {
  readonly source: MessageSource;
  readonly gate: CurveGate | undefined;
}
