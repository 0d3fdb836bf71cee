import type { Clock, Timer } from "../base/clock.js";
import type { Batch } from "../hub/cohort.js";
import type { Metrics } from "../base/metrics.js";
import type { Channel } from "./channel.js";
import type { FanoutCohort } from "./cohort-source.js";
import { LaggingMembers } from "./lagging-members.js";
import type { Connection, Rounds } from "./connection.js";
import type { FanoutLimits } from "../limits/fanout.js";
import { RoundDeadline } from "./round-deadline.js";

/**
 * A round may reach its deadline before most of its members have drained. The round then continues if this share of
 * its members has drained since the deadline was set. A large group of fast clients reaches this share. Slow clients
 * do not.
 */
const movingShare = 0.1;

/** The parts of the fan-out that the rounds of one cohort use. */
export interface RoundsContext<H> {
  readonly channel: Channel<H>;
  readonly clock: Clock;
  readonly limits: FanoutLimits;
  readonly metrics: Metrics;
  readonly front: string;
  /** Calls {@link CohortRounds.begin} at the end of this turn. */
  schedule(rounds: CohortRounds<H>): void;
  /** Lets the reader continue to read as soon as the reader has drained. */
  mayRead(connection: Connection<H>): void;
  /** Called when a round has ended. */
  ended(): void;
}

/**
 * The rounds of one cohort, one at a time. A round writes the pending bytes to all members. The round ends at its
 * deadline, or earlier if all members that are not on probation have drained. A member that has not drained at the
 * deadline becomes a laggard.
 */
export class CohortRounds<H> implements Rounds<H> {
  readonly cohort: FanoutCohort;
  readonly members = new Set<Connection<H>>();
  /**
   * Readers that reached the horizon while the rounds wrote a body in pieces. These readers join after the last piece.
   */
  readonly #arrivals = new Set<Connection<H>>();
  /**
   * Readers whose cursor, from another process, is ahead of the horizon. These readers already have some of the pending
   * entries.
   */
  readonly #ahead = new Set<Connection<H>>();
  readonly #lagging: LaggingMembers<Connection<H>>;
  readonly #context: RoundsContext<H>;
  readonly #roundDeadline: RoundDeadline;
  #phase: "idle" | "scheduled" | "writing" | "open" = "idle";
  /** True if {@link expect} began the open round. */
  #expecting = false;
  #handedOver = false;
  #rest: Buffer | undefined;
  /**
   * As {@link Batch.acceptedAtMs} of the batch that is being written, until all its bytes are handed over. Undefined
   * from then on, and if its round ends earlier.
   */
  #acceptedAtMs: number | undefined;
  /** The number of members at the start of that batch. */
  #recipients = 0;
  #round = 0;
  /**
   * `#waiting` is the number of members that the open round still waits for. `#waitedFor` also counts the members
   * that the round no longer waits for.
   */
  #waiting = 0;
  #waitedFor = 0;
  #startedMs = 0;
  #quorumMs: number | undefined;
  #deadline: Timer | undefined;
  /** The start time of the last round, for heartbeats. */
  lastRoundMs: number;

  constructor(cohort: FanoutCohort, context: RoundsContext<H>) {
    this.cohort = cohort;
    this.#context = context;
    this.#roundDeadline = new RoundDeadline(context.clock, context.limits);
    this.#lagging = new LaggingMembers({
      clock: context.clock,
      limits: context.limits,
      size: () => cohort.connections,
      hold: (on) => cohort.hold(on),
    });
    this.lastRoundMs = context.clock.monotonic();
  }

  get isIdle(): boolean {
    return this.#phase === "idle" && !this.cohort.hasPending;
  }

  get isMidway(): boolean {
    return this.#rest !== undefined;
  }

  /**
   * Schedules the next round. Call this when entries are pending, the horizon has moved, or a body has further pieces.
   */
  wake(): void {
    if (this.#phase !== "idle") return;
    this.#phase = "scheduled";
    this.#context.schedule(this);
  }

  join(connection: Connection<H>): void {
    if (connection.read.after > this.cohort.horizon) {
      this.#ahead.add(connection);
      return;
    }
    this.cohort.listen(true);
    if (this.#rest !== undefined) {
      this.#arrivals.add(connection);
      return;
    }
    this.#admit(connection);
  }

  /**
   * Call this after the write of a reader's page that reaches the horizon. If the cohort has no members, the reader
   * becomes a member at once. The reader's page then counts as a round, and the next round waits for the end of this
   * round. Without this rule, and with publications in every turn, the first readers read history forever and never
   * slow down the publishers.
   *
   * With `drain` pacing, further readers join such a round while it is open. With `fence` pacing, rounds have no
   * deadline, and further readers do not join.
   */
  expect(connection: Connection<H>): void {
    if (connection.probation > 0 || connection.read.after !== this.cohort.horizon) return;
    const sharesRound = this.#expecting && this.#context.channel.pacing === "drain";
    const first = this.#phase === "idle" && this.members.size === 0 && this.#arrivals.size === 0;
    if (!first && !sharesRound) return;
    this.cohort.listen(true);
    this.#admit(connection);
    this.#waiting += 1;
    this.#waitedFor += 1;
    if (!first) return;
    this.#expecting = true;
    this.#open();
  }

  remove(connection: Connection<H>): void {
    const wasMember = this.members.delete(connection);
    if (wasMember) this.#context.channel.left(connection);
    this.#arrivals.delete(connection);
    this.#ahead.delete(connection);
    this.#lagging.left(connection);
    if (wasMember && connection.busy && connection.probation === 0) this.#settled();
    this.#stopListeningIfAlone();
  }

  release(connection: Connection<H>): void {
    const { state, read, rest } = connection;
    const isMember = state === "member";
    const after = this.cohort.horizon;
    const left = isMember ? this.#rest : rest;
    connection.state = "reading";
    this.remove(connection);
    connection.read = isMember ? { kind: "history", after, lossMark: 0 } : read;
    connection.rest = left;
  }

  served(connection: Connection<H>, bytes: number): void {
    this.#lagging.served(connection, bytes);
  }

  drained(connection: Connection<H>): void {
    if (connection.probation === 0) this.#settled();
  }

  /** Begins the next round, or writes the next piece of a body. */
  begin(): void {
    this.#phase = "idle";
    this.rereadAhead();
    // If only the horizon has moved, no round begins, and no member is judged as slow.
    if (this.#rest === undefined && !this.cohort.hasPending) return;
    this.#leaveBusyBehind();
    this.#dropRestIfAlone();
    const batch = this.#rest === undefined ? this.cohort.nextBatch(this.#roundBytes()) : undefined;
    const body = this.#rest ?? batch?.body;
    if (body === undefined) return;
    if (batch !== undefined) this.#count(batch);
    this.#write(body);
  }

  /** Writes a heartbeat to all members, unless a round is open or scheduled. */
  writeHeartbeat(): void {
    if (!this.isIdle || this.members.size === 0) return;
    const heartbeat = this.cohort.heartbeat();
    if (heartbeat.length === 0) return;
    this.#leaveBusyBehind();
    this.#write(heartbeat);
  }

  /** Ends the open round now. A member that has not drained continues from history, on probation if `blame` is true. */
  expire(options: { readonly blame: boolean }): void {
    if (this.#phase !== "open") return;
    const after = this.cohort.horizon;
    for (const member of this.members) {
      if (member.busy && member.probation === 0) this.#demote(member, { after, blame: options.blame });
    }
    this.#waiting = 0;
    this.#over();
  }

  #roundBytes(): number {
    return Math.min(this.#context.limits.roundBytes, this.#context.channel.roundBytes(this.members.size));
  }

  #write(body: Buffer): void {
    const { channel, clock } = this.#context;
    const piece = body.length > channel.maxWriteBytes ? body.subarray(0, channel.maxWriteBytes) : body;
    this.#rest = piece === body ? undefined : body.subarray(piece.length);
    this.#phase = "writing";
    this.#waiting = 0;
    this.lastRoundMs = clock.monotonic();
    for (const member of this.members) {
      member.busy = true;
      member.busySinceMs = this.lastRoundMs;
      if (member.probation === 0) this.#waiting += 1;
    }
    this.#waitedFor = this.#waiting;
    channel.writeRound(this.members, piece);
    this.#open();
  }

  #open(): void {
    this.#phase = "open";
    this.#round += 1;
    this.#quorumMs = undefined;
    this.#handedOver = false;
    this.#startedMs = this.#context.clock.monotonic();
    const round = this.#round;
    this.#context.channel.whenHandedOver(() => {
      if (this.#round === round && this.#phase === "open") this.#onHandedOver();
    });
  }

  /**
   * Called when the bytes for all members have left this process. No round ends earlier, because a member whose bytes
   * are still in this process has not kept up.
   */
  #onHandedOver(): void {
    const { channel, clock } = this.#context;
    this.#handedOver = true;
    this.#startedMs = clock.monotonic();
    this.#observeDelay(this.#startedMs);
    if (this.#waiting === 0) this.#over();
    else if (channel.pacing === "drain") this.#checkQuorum();
  }

  /** Records the delay of a batch, once all its bytes are handed over: a large body goes out in pieces. */
  #observeDelay(nowMs: number): void {
    if (this.#acceptedAtMs === undefined || this.#rest !== undefined) return;
    const value = (nowMs - this.#acceptedAtMs) / 1000;
    const { metrics, front } = this.#context;
    metrics.observe("delivery_delay_seconds", { value, times: this.#recipients }, { front });
    this.#acceptedAtMs = undefined;
  }

  #count(batch: Batch): void {
    this.#acceptedAtMs = batch.acceptedAtMs;
    this.#recipients = this.members.size;
    const { metrics, front } = this.#context;
    metrics.count("rounds_total", 1, { front });
    metrics.observe("round_bytes", batch.body.length, { front });
    metrics.observe("round_publications", batch.count, { front });
    metrics.count("deliveries_total", batch.count * this.members.size, { front });
    metrics.count("delivered_bytes_total", batch.body.length * this.members.size, { front });
  }

  /** Subtracts one from the number of members that the open round waits for. */
  #settled(): void {
    if (this.#waiting === 0) return;
    this.#waiting -= 1;
    if (this.#phase !== "open" || !this.#handedOver) return;
    if (this.#waiting === 0) this.#over();
    else if (this.#quorumMs === undefined) this.#checkQuorum();
  }

  /**
   * Sets the deadline. When the quorum has drained, sets the deadline again, because the time of most members is then
   * known.
   */
  #checkQuorum(): void {
    const elapsed = this.#context.clock.monotonic() - this.#startedMs;
    if (this.#isQuorum()) this.#quorumMs = elapsed;
    else if (this.#deadline !== undefined) return;
    this.#waitFor(Math.max(0, this.#roundDeadline.waitMs(this.#quorumMs) - elapsed));
  }

  /** True if nearly all connections of the cohort have drained. Members that were left behind count as not drained. */
  #isQuorum(): boolean {
    return this.#waiting < this.#waitedFor && !this.#lagging.isBehindWith(this.#waiting);
  }

  #waitFor(delayMs: number): void {
    const { clock, limits } = this.#context;
    this.#deadline?.cancel();
    const round = this.#round;
    const waiting = this.#waiting;
    this.#deadline = clock.after(delayMs, () => {
      // The turn may have been long, and members may have drained during the turn. The fan-out first handles the
      // reports of these members.
      clock.endOfTurn(() => {
        if (this.#round !== round || this.#phase !== "open") return;
        const isMoving = waiting - this.#waiting >= movingShare * this.#waitedFor;
        if (this.#quorumMs === undefined && isMoving) this.#waitFor(limits.roundWaitMs);
        else this.expire({ blame: true });
      });
    });
  }

  #over(): void {
    const { clock } = this.#context;
    this.#deadline?.cancel();
    this.#deadline = undefined;
    this.#phase = "idle";
    this.#expecting = false;
    this.#waitedFor = 0;
    this.#roundDeadline.spend(
      clock.monotonic() - this.#startedMs,
      this.#quorumMs ?? Number.POSITIVE_INFINITY,
    );
    if (this.#rest === undefined) {
      this.#acceptedAtMs = undefined;
      this.#admitArrivals();
    }
    this.#dropRestIfAlone();
    this.rereadAhead();
    this.#stopListeningIfAlone();
    if (this.#rest !== undefined || this.cohort.hasPending) this.wake();
    this.#context.ended();
  }

  /** Drops the rest of a body if every member that got the beginning of the body has left. */
  #dropRestIfAlone(): void {
    if (this.members.size > 0) return;
    this.#dropRest();
    this.#admitArrivals();
  }

  /** Drops the rest of a body, and the delay of its batch, which nobody gets whole. */
  #dropRest(): void {
    if (this.#rest === undefined) return;
    this.#rest = undefined;
    this.#acceptedAtMs = undefined;
  }

  #admitArrivals(): void {
    for (const connection of this.#arrivals) {
      this.#arrivals.delete(connection);
      this.#admit(connection);
    }
  }

  #admit(connection: Connection<H>): void {
    connection.state = "member";
    this.#lagging.cameBack(connection);
    this.members.add(connection);
    this.#context.channel.joined(connection);
  }

  /**
   * Call this when the horizon may have moved. A reader at the new horizon may join; a reader behind the new horizon
   * continues to read.
   */
  rereadAhead(): void {
    for (const connection of this.#ahead) {
      if (connection.read.after > this.cohort.horizon) continue;
      this.#ahead.delete(connection);
      this.#context.mayRead(connection);
    }
  }

  /**
   * Makes members that have not drained read history again. Counts one more round for the other members on probation,
   * because they have kept up.
   */
  #leaveBusyBehind(): void {
    const after = this.cohort.horizon;
    for (const member of this.members) {
      if (member.busy) this.#demote(member, { after, blame: true });
      else if (member.probation > 0) member.keptUp(this.#round);
    }
    this.#stopListeningIfAlone();
  }

  /**
   * Makes a member a reader again. The channel has written everything up to `after` to the member, except the rest of
   * a body in pieces. The connection keeps the rest of the body.
   */
  #demote(member: Connection<H>, options: { readonly after: number; readonly blame: boolean }): void {
    if (options.blame) {
      member.demote(this.#round);
      this.#lagging.fellBehind(member);
    }
    member.state = "reading";
    member.read = { kind: "history", after: options.after, lossMark: 0 };
    member.rest = this.#rest;
    this.members.delete(member);
    this.#context.channel.left(member);
    this.#context.metrics.count("laggards_total", 1, { front: this.#context.front });
    this.#context.mayRead(member);
  }

  #stopListeningIfAlone(): void {
    if (this.members.size > 0 || this.#arrivals.size > 0) return;
    this.#dropRest();
    this.cohort.listen(false);
    this.rereadAhead();
  }
}
