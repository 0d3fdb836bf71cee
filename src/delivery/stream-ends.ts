import type { Clock } from "../base/clock.js";
import type { Metrics } from "../base/metrics.js";
import type { Waiters } from "../base/waiters.js";
import type { FanoutLimits } from "../limits/fanout.js";
import type { Channel } from "./channel.js";
import type { Connection } from "./connection.js";
import type { EndReason, LeaveReason } from "./joining/open-stream.js";
import { jittered } from "../base/waits/jittered.js";
import { EndEvenly } from "./ending/end-evenly.js";
import { LastRetries } from "./last-retries.js";

/**
 * The random part of the longest age of a stream. Without it, the streams that reconnected together after a restart
 * would end together.
 */
const maxAgeShare = 0.2;

export interface StreamEndsOptions<H> {
  readonly channel: Channel<H>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly limits: FanoutLimits;
  /** The period of {@link StreamEnds.check}, in milliseconds. */
  readonly checkMs: number;
  /** The open streams, the oldest first. */
  readonly connections: ReadonlySet<Connection<H>>;
  readonly waiters: Waiters;
  /** True if the client has received its replies, and no part of an unfinished body. */
  readonly mayEnd: (connection: Connection<H>) => boolean;
  /** Removes the stream from the fan-out. */
  readonly closed: (connection: Connection<H>, reason: LeaveReason) => void;
  /** Closes the stream at once. */
  readonly drop: (connection: Connection<H>, reason: LeaveReason) => void;
  /** Flushes the channel at the end of this turn. */
  readonly takeTurn: () => void;
}

/** The time by both clocks, in milliseconds. */
interface Now {
  readonly nowMs: number;
  readonly monotonicMs: number;
}

/** The orderly ends of a fan-out's streams: because of their age, of their rights, of their client, or of a stop. */
export class StreamEnds<H> {
  readonly #options: StreamEndsOptions<H>;
  readonly #retries: LastRetries;
  #evenly: EndEvenly<Connection<H>> | undefined;
  #hasEndedAll = false;

  constructor(options: StreamEndsOptions<H>) {
    this.#options = options;
    this.#retries = new LastRetries(options.limits);
  }

  /** Call this method when a stream opens. If all streams have ended, this one ends after its first page. */
  opened(connection: Connection<H>): void {
    const { clock, limits } = this.#options;
    const { maxAgeMs } = limits;
    if (maxAgeMs > 0) connection.endsAtMs = clock.monotonic() + jittered(maxAgeMs, maxAgeShare);
    if (this.#hasEndedAll) connection.ending = "stopping";
    this.#expireInTime(connection);
  }

  /** Sets the time when the rights of the stream end. */
  renew(connection: Connection<H>, expiresAtMs: number | undefined): void {
    connection.expiresAtMs = expiresAtMs ?? Number.POSITIVE_INFINITY;
    this.#expireInTime(connection);
  }

  /** Closes a stream gracefully, after the replies that wait, and the page or round that is being written. */
  end(connection: Connection<H>, reason: EndReason): void {
    connection.ending = reason;
    this.proceed(connection);
  }

  /** As {@link EndStream}. */
  withdraw(connection: Connection<H>, reason: EndReason, last?: Buffer): void {
    if (connection.state === "closed") return;
    connection.last ??= last && connection.rounds.cohort.coded(last);
    if (connection.busy && last === undefined) this.#options.drop(connection, reason);
    else this.end(connection, reason);
    this.#options.takeTurn();
  }

  /** Call this method when the client has received everything that was written: closes the stream if it is to end. */
  proceed(connection: Connection<H>): void {
    const { ending, busy } = connection;
    if (ending !== undefined && !busy && this.#options.mayEnd(connection)) this.#finish(connection, ending);
  }

  /** Closes a stream whose rights end before the next check, or that has reached its longest age. */
  check(connection: Connection<H>, { nowMs, monotonicMs }: Now): boolean {
    if (connection.expiresAtMs <= nowMs + this.#options.checkMs) this.#expire(connection);
    else if (connection.endsAtMs <= monotonicMs) this.#endOld(connection);
    else return false;
    return true;
  }

  /**
   * Closes the open streams gracefully and evenly over this time, the oldest first. Streams that open meanwhile are
   * closed at its end. Resolves at its end, or when no stream is open.
   */
  endEvenly(overMs: number): Promise<void> {
    const { clock, connections, channel, waiters } = this.#options;
    let isOver = false;
    this.#evenly = new EndEvenly({
      clock,
      count: connections.size,
      items: connections,
      overMs,
      end: (connection) => this.end(connection, "stopping"),
      afterStep: () => channel.flush(),
      ended: () => {
        isOver = true;
        waiters.look();
      },
    });
    return waiters.until(() => isOver || connections.size === 0);
  }

  /** Closes every stream gracefully, now. */
  endAll(): void {
    this.#evenly?.cancel();
    this.#hasEndedAll = true;
    for (const connection of this.#options.connections) this.end(connection, "stopping");
    this.#options.channel.flush();
  }

  /** Stops an even end. */
  close(): void {
    this.#evenly?.cancel();
  }

  #finish(connection: Connection<H>, reason: EndReason): void {
    if (connection.state === "closed") return;
    const { channel, closed, takeTurn } = this.#options;
    const ofReason = reason === "stopping" ? this.#retries.next(connection.rounds.cohort) : nothing;
    const last = connection.last ?? ofReason;
    closed(connection, reason);
    channel.end(connection, reason, last);
    takeTurn();
  }

  /** Sets a timer for rights that end before the next check. */
  #expireInTime(connection: Connection<H>): void {
    const { clock, checkMs, channel } = this.#options;
    const leftMs = connection.expiresAtMs - clock.now();
    if (leftMs > checkMs) return;
    clock.after(Math.max(0, leftMs), () => {
      if (connection.state === "closed") return;
      // The client may have renewed its rights before the timer fired.
      if (connection.expiresAtMs > clock.now()) return this.#expireInTime(connection);
      this.#expire(connection);
      channel.flush();
    });
  }

  /** Closes a stream whose rights have ended. */
  #expire(connection: Connection<H>): void {
    this.#options.metrics.count("connections_cut_total", 1, { reason: "expired" });
    this.withdraw(connection, "expired");
  }

  /** Ends a stream that has reached the longest age. Its client reconnects and resumes. */
  #endOld(connection: Connection<H>): void {
    connection.endsAtMs = Number.POSITIVE_INFINITY;
    this.#options.metrics.count("connections_cut_total", 1, { reason: "age" });
    this.end(connection, "aged");
  }
}

const nothing = Buffer.alloc(0);
