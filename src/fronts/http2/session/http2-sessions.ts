import type { Clock, Timer } from "../../../base/clock.js";
import { TurnBudget } from "../../../base/turn-budget.js";
import { Waiters } from "../../../base/waiters.js";
import type { FanoutLimits } from "../../../limits/fanout.js";
import type { SharedTargets } from "../../streams/stream-target.js";
import type { Http2Session } from "./http2-session.js";
import type { Http2Stream } from "./http2-stream.js";

export interface Http2SessionsOptions {
  readonly clock: Clock;
  /** A client that lets no byte through for `stallMs` is disconnected. Read at each use. */
  readonly limits: Pick<FanoutLimits, "stallMs">;
  /** Called for a session that the hub ends because its client reads nothing. */
  readonly stalled: (session: Http2Session) => void;
}

/** The time between two checks, in milliseconds. */
const checkEveryMs = 1000;

/** The time for a request with its body, in milliseconds, as for HTTP/1. */
const requestMs = 60_000;

/** The time that a session without streams stays open, in milliseconds, as for HTTP/1. */
const idleMs = 72_000;

/** The time for clients to read the ends of their streams, in milliseconds. */
const closeWithinMs = 2000;

/** What the last check of a session has seen. */
interface Seen {
  /** As {@link Http2Session.lastStream}. */
  lastStream: number;
  /** The time for which the client has had no stream, and has begun none. */
  idleMs: number;
  /** The time for which data waited, and the client let nothing through. */
  blockedMs: number;
  /** As {@link SessionOutput.dataBytes}. */
  dataBytes: number;
  /** The time for which the head of a request was incomplete. */
  headMs: number;
  readonly streams: WeakMap<Http2Stream, SeenStream>;
}

interface SeenStream {
  sentBytes: number;
  waitingMs: number;
  requestMs: number;
}

/** The open sessions: writes what they have collected, and ends those that make no progress. */
export class Http2Sessions implements SharedTargets {
  readonly #options: Http2SessionsOptions;
  readonly #open = new Map<Http2Session, Seen>();
  /** The sessions that have something to write. */
  readonly #scheduled = new Set<Http2Session>();
  readonly #timer: Timer;
  readonly #budget: TurnBudget;
  readonly #waiters = new Waiters();
  #isFlushDue = false;

  constructor(options: Http2SessionsOptions) {
    this.#options = options;
    this.#budget = new TurnBudget(options.clock);
    this.#timer = options.clock.every(checkEveryMs, () => this.#check());
  }

  get open(): Iterable<Http2Session> {
    return this.#open.keys();
  }

  get size(): number {
    return this.#open.size;
  }

  add(session: Http2Session): void {
    this.#open.set(session, {
      lastStream: 0,
      idleMs: 0,
      blockedMs: 0,
      dataBytes: 0,
      headMs: 0,
      streams: new WeakMap(),
    });
  }

  delete(session: Http2Session): void {
    this.#open.delete(session);
    this.#scheduled.delete(session);
    this.#waiters.look();
  }

  /** Flushes the session at the end of this turn, or earlier. Many sessions need several turns. */
  schedule(session: Http2Session): void {
    this.#scheduled.add(session);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#budget.nextTurn(() => this.#flushDue());
  }

  flush(isUsedUp: () => boolean): boolean {
    for (const session of this.#scheduled) {
      if (isUsedUp()) return false;
      this.#scheduled.delete(session);
      session.flush();
    }
    return true;
  }

  /** Ends the sessions without streams; the others end after their last stream. */
  goAway(): void {
    for (const session of this.#open.keys()) session.goAway();
  }

  /** Ends all sessions, and resolves when they are closed. Closes those at once that need too long. */
  async close(): Promise<void> {
    this.goAway();
    const late = this.#options.clock.after(closeWithinMs, () => {
      for (const session of this.#open.keys()) session.destroy();
    });
    await this.#waiters.until(() => this.#open.size === 0);
    late.cancel();
    this.#timer.cancel();
  }

  #flushDue(): void {
    this.#isFlushDue = !this.flush(() => this.#budget.isUsedUp());
    if (this.#isFlushDue) this.#budget.nextTurn(() => this.#flushDue());
  }

  #check(): void {
    for (const [session, seen] of this.#open) this.#checkSession(session, seen);
  }

  #checkSession(session: Http2Session, seen: Seen): void {
    const { stallMs } = this.#options.limits;
    const { lastStream, streams, isInHead } = session;
    // Short requests come and go between two checks.
    const isQuiet = lastStream === seen.lastStream;
    seen.lastStream = lastStream;
    seen.idleMs = isQuiet && streams.size === 0 ? seen.idleMs + checkEveryMs : 0;
    seen.headMs = isQuiet && isInHead ? seen.headMs + checkEveryMs : 0;
    const { isBlocked, isUsedUp, dataBytes } = session.output;
    // A client that reads slowly is blocked most of the time, but lets some bytes through. When a stream that waited has
    // been cut, the others get nothing either.
    const isStillBlocked = isBlocked || (isUsedUp && seen.blockedMs > 0);
    seen.blockedMs = isStillBlocked && dataBytes === seen.dataBytes ? seen.blockedMs + checkEveryMs : 0;
    seen.dataBytes = dataBytes;
    if (seen.headMs >= requestMs) return session.destroy();
    if (seen.idleMs >= idleMs) return session.goAway();
    // The connection's window is used up by streams that nobody reads, so no stream of this client gets anything.
    if (seen.blockedMs >= stallMs) return this.#options.stalled(session);
    for (const stream of streams.values()) this.#checkStream(session, stream, seen);
  }

  /** Ends streams whose client reads no response, or sends no end of its request. */
  #checkStream(session: Http2Session, stream: Http2Stream, { streams }: Seen): void {
    if (stream.isWatched) return;
    const { stallMs } = this.#options.limits;
    const { output, hasRequest } = stream;
    const before = streams.get(stream) ?? { sentBytes: 0, waitingMs: 0, requestMs: 0 };
    // If the connection is blocked, its streams are not at fault: the session ends as a whole.
    const isStopped = output.waitingBytes > 0 && output.sentBytes === before.sentBytes;
    const isWaiting = isStopped && !session.output.isBlocked;
    const seen: SeenStream = {
      sentBytes: output.sentBytes,
      waitingMs: isWaiting ? before.waitingMs + checkEveryMs : 0,
      requestMs: hasRequest ? 0 : before.requestMs + checkEveryMs,
    };
    streams.set(stream, seen);
    if (seen.waitingMs >= stallMs || seen.requestMs >= requestMs) stream.cancel();
  }
}
