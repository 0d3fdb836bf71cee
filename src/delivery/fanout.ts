import type { Clock, Timer } from "../base/clock.js";
import type { Page, PendingPage } from "../hub/history-page.js";
import type { CutReason, Metrics } from "../base/metrics.js";
import type { AdmittedStream, JoinTicket } from "./joining/admitted-stream.js";
import type { Channel } from "./channel.js";
import { CohortRounds } from "./cohort-rounds.js";
import type { RoundsContext } from "./cohort-rounds.js";
import type { CohortSource, FanoutCohort } from "./cohort-source.js";
import { PendingPages } from "./pending-pages.js";
import { Connection } from "./connection.js";
import type { EndReason, LeaveReason } from "./joining/open-stream.js";
import { ReplyQueue } from "./reply-queue.js";
import { defaultFanoutLimits } from "../limits/fanout.js";
import type { FanoutLimits } from "../limits/fanout.js";
import { StreamEnds } from "./stream-ends.js";
import { TurnBudget } from "../base/turn-budget.js";
import { Waiters } from "../base/waiters.js";

/** The period of the check for heartbeats, expired rights and stalled connections, in milliseconds. */
const sweepMs = 1000;

/** The time for readers in one turn, in milliseconds, before rounds continue. */
const readersPerTurnMs = 10;

export interface FanoutOptions<H> {
  /** The name of the front, `http` or `mongrel2`, for metrics. */
  readonly front: string;
  readonly cohorts: CohortSource;
  readonly channel: Channel<H>;
  readonly clock: Clock;
  readonly metrics: Metrics;
  /** Read at each use. @default defaultFanoutLimits */
  readonly limits?: FanoutLimits;
}

/** The functions of a front that write to a stream. */
export interface StreamOpening<H> {
  readonly handle: H;
  /** The response head. The fan-out writes the head and the first page in one write. */
  readonly head: Buffer;
  /** Called after a write if there is space for further replies; see {@link Fanout.reply}. @default not called */
  readonly onRoom?: (() => void) | undefined;
}

/** A reply to a client's message, and the changes to its stream. */
export interface StreamReply {
  /** @default nothing */
  readonly answer?: Buffer | undefined;
  /**
   * Moves the stream to another cohort. The stream continues from its position, without a lost or repeated event.
   * @default the stream stays in its cohort
   */
  readonly moved?: JoinTicket | undefined;
  /**
   * The new time at which the stream is closed, in milliseconds since 1970. If `expiresAtMs` is undefined, the
   * stream's rights never expire.
   * @default as before
   */
  readonly renewed?: { readonly expiresAtMs: number | undefined } | undefined;
}

/**
 * Delivers one outlet's events: rounds to the members of each cohort, pages of history to all other connections. The
 * fan-out writes the data of one turn of the event loop at the end of the turn. The fan-out writes rounds first, so
 * that a reader's page can contain everything up to the start of the next round.
 */
export class Fanout<H> {
  readonly #cohorts: CohortSource;
  readonly #channel: Channel<H>;
  readonly #clock: Clock;
  readonly #limits: FanoutLimits;
  readonly #context: RoundsContext<H>;
  readonly #rounds = new Map<FanoutCohort, CohortRounds<H>>();
  readonly #connections = new Set<Connection<H>>();
  readonly #replies: ReplyQueue<Connection<H>>;
  readonly #pendingPages: PendingPages<Connection<H>>;
  readonly #scheduled = new Set<CohortRounds<H>>();
  readonly #ready = new Set<Connection<H>>();
  readonly #served: Connection<H>[] = [];
  readonly #metrics: Metrics;
  readonly #front: string;
  readonly #sweep: Timer;
  readonly #readersBudget: TurnBudget;
  #turnDue = false;
  #stalled = false;
  readonly #waiters = new Waiters();
  readonly #ends: StreamEnds<H>;

  constructor(options: FanoutOptions<H>) {
    this.#cohorts = options.cohorts;
    this.#cohorts.attach((cohort) => this.#rounds.get(cohort)?.wake());
    this.#channel = options.channel;
    this.#clock = options.clock;
    this.#readersBudget = new TurnBudget(options.clock, readersPerTurnMs);
    this.#metrics = options.metrics;
    this.#front = options.front;
    this.#limits = options.limits ?? defaultFanoutLimits;
    this.#context = {
      channel: this.#channel,
      clock: this.#clock,
      limits: this.#limits,
      metrics: this.#metrics,
      front: this.#front,
      schedule: (rounds) => {
        this.#scheduled.add(rounds);
        this.#takeTurn();
      },
      mayRead: (connection) => this.#makeReady(connection),
      ended: () => this.#waiters.look(),
    };
    this.#replies = new ReplyQueue(this.#limits);
    this.#pendingPages = new PendingPages((connection) => {
      this.#ready.add(connection);
      this.#takeTurn();
    });
    this.#ends = new StreamEnds({
      ...this.#context,
      checkMs: sweepMs,
      connections: this.#connections,
      waiters: this.#waiters,
      mayEnd: (connection) => this.#mayEnd(connection),
      closed: (connection, reason) => this.closed(connection, reason),
      drop: (connection, reason) => this.#drop(connection, reason),
      takeTurn: () => this.#takeTurn(),
    });
    this.#sweep = this.#clock.every(sweepMs, () => this.#checkConnections());
  }

  /** The number of open streams. */
  get size(): number {
    return this.#connections.size;
  }

  /** The number of connections that were too slow for a round and have not rejoined their cohort yet. */
  get laggards(): number {
    let count = 0;
    for (const connection of this.#connections) if (connection.isLaggard) count += 1;
    return count;
  }

  /** Opens a stream. The fan-out writes the response head and the first page at the end of the turn. */
  open(
    { ticket, expiresAtMs, opened }: AdmittedStream,
    { handle, head, onRoom }: StreamOpening<H>,
  ): Connection<H> {
    const { cohort, read } = this.#cohorts.join(ticket);
    const rounds = this.#roundsOf(cohort);
    const ended = opened?.((reason, last) => this.#ends.withdraw(connection, reason, last));
    const connection = new Connection<H>({ handle, rounds, read, expiresAtMs, ended, onRoom });
    connection.heartbeatMs = this.#limits.heartbeatMs;
    this.#connections.add(connection);
    this.#replies.add(connection, head);
    this.#makeReady(connection);
    this.#ends.opened(connection);
    return connection;
  }

  /** The channel calls this when the client has received all bytes that were written to the connection. */
  drained(connection: Connection<H>): void {
    this.#stalled = false;
    if (!connection.busy) return;
    const { rounds } = connection;
    connection.busy = false;
    if (connection.state === "closed") return;
    if (connection.state === "member") rounds.drained(connection);
    else this.#makeReady(connection);
    this.#ends.proceed(connection);
    this.#waiters.look();
  }

  /** The channel calls this when the client has disconnected. `reason` is the reason for the end of the stream. */
  closed(connection: Connection<H>, reason: LeaveReason = "left"): void {
    if (connection.state === "closed") return;
    const { rounds } = connection;
    rounds.remove(connection);
    connection.state = "closed";
    connection.rest = undefined;
    this.#connections.delete(connection);
    this.#replies.forget(connection);
    this.#pendingPages.forget(connection);
    this.#ready.delete(connection);
    this.#leave(rounds.cohort);
    connection.ended?.(reason);
    this.#waiters.look();
  }

  /**
   * Writes a reply on a client's stream. The reply follows the page or round that is being written, and precedes all
   * other data. If a client accepts no bytes but causes too many replies, the fan-out closes the stream.
   *
   * @returns false if the client's next message has to wait until replies are written
   */
  reply(connection: Connection<H>, { answer, moved, renewed }: StreamReply): boolean {
    if (connection.state === "closed") return true;
    if (answer !== undefined || moved !== undefined) connection.rounds.release(connection);
    if (moved !== undefined) this.#move(connection, moved);
    if (renewed !== undefined) this.#ends.renew(connection, renewed.expiresAtMs);
    if (answer === undefined || this.#replies.add(connection, answer)) this.#makeReady(connection);
    else this.#cut(connection, "answers");
    return this.#replies.hasRoomFor(connection);
  }

  /** Closes a stream gracefully, after the replies that wait, and the page or round that is being written. */
  end(connection: Connection<H>, reason: EndReason): void {
    this.#ends.end(connection, reason);
  }

  /**
   * Call this when the server of the connections has stopped answering. Members of open rounds continue from history
   * when the server answers again. Until a connection drains, a round that begins later ends in the same way within a
   * second.
   */
  stall(): void {
    this.#stalled = true;
    for (const rounds of this.#rounds.values()) rounds.expire({ blame: false });
  }

  /** Closes a stream whose client has vanished without an end of its connection. */
  cutVanished(connection: Connection<H>): void {
    if (connection.state !== "closed") this.#cut(connection, "vanished");
  }

  /** Drops all connections. Call this when the server of the connections has ended. */
  dropAll(): void {
    for (const connection of this.#connections) this.closed(connection, "server");
  }

  /** Resolves when nothing is pending and no round is open. The caller sets a time limit. */
  whenIdle(): Promise<void> {
    return this.#waiters.until(() => this.#isIdle());
  }

  /** Resolves when no stream is open. The caller sets a time limit. */
  whenEmpty(): Promise<void> {
    return this.#waiters.until(() => this.size === 0);
  }

  /** As {@link StreamEnds.endEvenly}. */
  endEvenly(overMs: number): Promise<void> {
    return this.#ends.endEvenly(overMs);
  }

  /** Closes every stream gracefully, now. */
  endAll(): void {
    this.#ends.endAll();
  }

  /** Closes every open stream at once. */
  cutAll(): void {
    for (const connection of this.#connections) this.#drop(connection, "stopping");
    this.#channel.flush();
  }

  /** Stops the periodic check. Call this when all streams are closed. */
  close(): void {
    this.#ends.close();
    this.#sweep.cancel();
  }

  #roundsOf(cohort: FanoutCohort): CohortRounds<H> {
    let rounds = this.#rounds.get(cohort);
    if (rounds === undefined) {
      rounds = new CohortRounds(cohort, this.#context);
      this.#rounds.set(cohort, rounds);
    }
    return rounds;
  }

  #leave(cohort: FanoutCohort): void {
    cohort.leave();
    if (cohort.connections === 0) this.#rounds.delete(cohort);
  }

  #move(connection: Connection<H>, ticket: JoinTicket): void {
    const before = connection.rounds.cohort;
    const { cohort, read } = this.#cohorts.move(ticket, connection.read);
    connection.enter(this.#roundsOf(cohort), read);
    this.#leave(before);
    this.#pendingPages.forget(connection);
  }

  #makeReady(connection: Connection<H>): void {
    if (connection.busy || connection.state !== "reading" || this.#pendingPages.has(connection)) return;
    // A reader that joins now, and not at the end of the turn, receives the round that this turn may begin.
    if (this.#joins(connection)) return;
    this.#ready.add(connection);
    this.#takeTurn();
  }

  #joins(connection: Connection<H>): boolean {
    const { read, rounds } = connection;
    if (read.kind !== "history" || connection.rest !== undefined || this.#replies.has(connection))
      return false;
    if (read.after < rounds.cohort.horizon) return false;
    rounds.join(connection);
    return true;
  }

  #takeTurn(): void {
    if (this.#turnDue) return;
    this.#turnDue = true;
    this.#clock.endOfTurn(() => this.#turn());
  }

  #turn(): void {
    this.#turnDue = false;
    const scheduled = [...this.#scheduled];
    this.#scheduled.clear();
    for (const rounds of scheduled) rounds.begin();
    this.#serveReaders();
    this.#channel.flush();
    // The loop comes after the flush, because the fan-out measures the time of the clients from the flush.
    const served = this.#served.splice(0);
    for (const connection of served) this.#expect(connection);
    for (const connection of served) if (this.#replies.hasRoomFor(connection)) connection.onRoom?.();
    this.#waiters.look();
  }

  #serveReaders(): void {
    const now = this.#clock.monotonic();
    for (const connection of this.#ready) {
      if (this.#readersBudget.isUsedUp()) break;
      this.#ready.delete(connection);
      if (connection.state === "reading" && !connection.busy && !this.#joins(connection))
        this.#serve(connection, now);
    }
    if (this.#ready.size > 0) this.#takeTurn();
  }

  #serve(connection: Connection<H>, nowMs: number): void {
    if (connection.rest !== undefined) {
      this.#write(connection, connection.rest, nowMs);
      return;
    }
    const page = this.#nextPage(connection);
    if (typeof page === "function") {
      this.#pendingPages.request(connection, page);
      return;
    }
    const body = this.#advance(connection, page);
    // This part of history has no events for this reader. Nothing is written, because an empty write closes the
    // connection at Mongrel2.
    if (body.length === 0) this.#makeReady(connection);
    else this.#write(connection, body, nowMs);
  }

  #nextPage(connection: Connection<H>): Page | PendingPage {
    const arrived = this.#pendingPages.take(connection);
    if (arrived !== undefined) return arrived;
    const { cohort } = connection.rounds;
    const maxBytes = Math.min(this.#limits.roundBytes, this.#channel.roundBytes(1));
    return cohort.page(connection.read, { maxBytes, upTo: cohort.horizon });
  }

  #write(connection: Connection<H>, body: Buffer, nowMs: number): void {
    const { maxWriteBytes } = this.#channel;
    const piece = body.length > maxWriteBytes ? body.subarray(0, maxWriteBytes) : body;
    connection.rest = piece === body ? undefined : body.subarray(piece.length);
    connection.busy = true;
    connection.busySinceMs = nowMs;
    this.#metrics.count("delivered_bytes_total", piece.length, { front: this.#front });
    connection.rounds.served(connection, piece.length);
    this.#channel.write(connection, piece);
    this.#served.push(connection);
  }

  #expect(connection: Connection<H>): void {
    const { busy, state, read, rest, rounds } = connection;
    if (busy && state === "reading" && read.kind === "history" && rest === undefined)
      rounds.expect(connection);
  }

  /** Moves the reader's position to the end of this page. Returns the bytes to write. */
  #advance(connection: Connection<H>, page: Page): Buffer {
    if (page.gapReason !== undefined) {
      this.#metrics.count("gaps_total", 1, { reason: page.gapReason });
    }
    connection.read = page.next;
    this.#metrics.count("deliveries_total", page.count, { front: this.#front });
    return this.#replies.putBefore(connection, page.body);
  }

  /** True if the client has received its replies, and no part of an unfinished body. */
  #mayEnd(connection: Connection<H>): boolean {
    return isWhole(connection) && !this.#replies.has(connection);
  }

  #isIdle(): boolean {
    for (const rounds of this.#rounds.values()) if (!rounds.isIdle) return false;
    return true;
  }

  #checkConnections(): void {
    if (this.#stalled) this.stall();
    const now = this.#clock.monotonic();
    const times = { nowMs: this.#clock.now(), monotonicMs: now };
    // While streams of a shorter interval are open, all streams get heartbeats at this interval.
    let { heartbeatMs } = this.#limits;
    for (const connection of this.#connections) {
      heartbeatMs = Math.min(heartbeatMs, connection.heartbeatMs);
      if (this.#ends.check(connection, times)) continue;
      if (connection.busy && this.#isStalled(connection, now)) this.#cut(connection, "stalled");
    }
    for (const rounds of this.#rounds.values()) {
      rounds.rereadAhead();
      if (now - rounds.lastRoundMs < heartbeatMs) continue;
      rounds.writeHeartbeat();
    }
    this.#channel.flush();
  }

  /** True if the client has let nothing through for the longest time. */
  #isStalled(connection: Connection<H>, nowMs: number): boolean {
    const sentBytes = this.#channel.sentBytes?.(connection) ?? connection.sentBytes;
    if (sentBytes !== connection.sentBytes) {
      connection.sentBytes = sentBytes;
      connection.busySinceMs = nowMs;
    }
    return nowMs - connection.busySinceMs >= this.#limits.stallMs;
  }

  #cut(connection: Connection<H>, reason: CutReason & LeaveReason): void {
    this.#metrics.count("connections_cut_total", 1, { reason });
    this.#drop(connection, reason);
  }

  #drop(connection: Connection<H>, reason: LeaveReason): void {
    this.closed(connection, reason);
    this.#channel.cut(connection);
  }
}

/** False if the client has received the beginning of a body but not the rest. */
function isWhole<H>({ state, rest, rounds }: Connection<H>): boolean {
  return rest === undefined && (state !== "member" || !rounds.isMidway);
}
