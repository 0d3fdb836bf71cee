import type { Clock, Timer } from "../base/clock.js";
import type { Batch } from "../hub/cohort.js";
import type { Metrics } from "../base/metrics.js";
import type { Channel } from "./channel.js";
import type { FanoutCohort } from "./cohort-source.js";
import { LaggingMembers } from "./lagging-members.js";
import type { Connection, Rounds } from "./connection.js";
import type { FanoutLimits } from "./limits.js";
import { RoundDeadline } from "./round-deadline.js";

/**
 * A round that most have not drained goes on while so many of its members drain in each longest wait: a busy crowd does,
 * one of slow clients does not.
 */
const movingShare = 0.1;

/** What the rounds of one cohort need from the fan-out around them. */
export interface RoundsContext<H> {
  readonly channel: Channel<H>;
  readonly clock: Clock;
  readonly limits: FanoutLimits;
  readonly metrics: Metrics;
  readonly front: string;
  /** Asks for {@link CohortRounds.begin} at the end of this turn. */
  schedule(rounds: CohortRounds<H>): void;
  /** A reader may go on, as soon as it has drained. */
  mayRead(connection: Connection<H>): void;
  /** A round has ended. */
  ended(): void;
}

/**
 * The rounds of one cohort, one at a time: a round writes what is pending to all members, ends when those that it waits
 * for have drained or its time is up, and who has not drained by then becomes a laggard.
 */
export class CohortRounds<H> implements Rounds<H> {
  readonly cohort: FanoutCohort;
  readonly members = new Set<Connection<H>>();
  /** Readers that have reached the horizon while a body was going out in pieces; they join when it is out. */
  readonly #arrivals = new Set<Connection<H>>();
  /** Readers whose cursor, got elsewhere, is ahead of the horizon: what is pending they have in part. */
  readonly #ahead = new Set<Connection<H>>();
  readonly #crowd: LaggingMembers<Connection<H>>;
  readonly #context: RoundsContext<H>;
  readonly #patience: RoundDeadline;
  #phase: "idle" | "scheduled" | "writing" | "open" = "idle";
  /** True while the open round is one that {@link expect} began. */
  #expecting = false;
  #handedOver = false;
  #rest: Buffer | undefined;
  #round = 0;
  /** Members that the open round still waits for, and how many there were. */
  #waiting = 0;
  #waitedFor = 0;
  #startedMs = 0;
  #quorumMs: number | undefined;
  #deadline: Timer | undefined;
  /** When the last round began, for heartbeats. */
  lastRoundMs: number;

  constructor(cohort: FanoutCohort, context: RoundsContext<H>) {
    this.cohort = cohort;
    this.#context = context;
    this.#patience = new RoundDeadline(context.clock, context.limits);
    this.#crowd = new LaggingMembers({
      clock: context.clock,
      periodMs: context.limits.roundWaitMs,
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

  /** Something is pending, the horizon has moved, or more is left to do. */
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
   * A reader's page that reaches the horizon is on its way. Where nobody listens it becomes a member at once, and its
   * page a round that the next one waits for: else, with publications in every turn, the first readers of a cohort
   * would read for ever, and nothing would hold the publishers back. Those who come while such a round is open share
   * it, unless it has no deadline of its own.
   */
  expect(connection: Connection<H>): void {
    if (connection.probation > 0 || connection.read.after !== this.cohort.horizon) return;
    const shared = this.#expecting && this.#context.channel.pacing === "drain";
    const first = this.#phase === "idle" && this.members.size === 0 && this.#arrivals.size === 0;
    if (!first && !shared) return;
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
    this.#crowd.left(connection);
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
    connection.read = isMember ? { kind: "history", after, told: 0 } : read;
    connection.rest = left;
  }

  served(connection: Connection<H>, bytes: number): void {
    this.#crowd.served(connection, bytes);
  }

  drained(connection: Connection<H>): void {
    if (connection.probation === 0) this.#settled();
  }

  /** Begins the next round, or the next piece of the one under way. */
  begin(): void {
    this.#phase = "idle";
    this.callAhead();
    // Where the horizon has moved alone there is no round by which members could be judged.
    if (this.#rest === undefined && !this.cohort.hasPending) return;
    this.#leaveBusyBehind();
    this.#dropRestIfAlone();
    const batch = this.#rest === undefined ? this.cohort.take(this.#roundBytes()) : undefined;
    const body = this.#rest ?? batch?.body;
    if (body === undefined) return;
    if (batch !== undefined) this.#count(batch);
    this.#write(body);
  }

  /** Writes a heartbeat to all members, unless a round is under way or about to be. */
  beat(): void {
    if (!this.isIdle || this.members.size === 0) return;
    const heartbeat = this.cohort.heartbeat();
    if (heartbeat.length === 0) return;
    this.#leaveBusyBehind();
    this.#write(heartbeat);
  }

  /** Ends the open round now: who has not drained reads from history, on probation if it is to blame. */
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

  /** Every member has been written to. Before that no round is over: who was not written to has not kept up with it. */
  #onHandedOver(): void {
    const { channel, clock } = this.#context;
    this.#handedOver = true;
    this.#startedMs = clock.monotonic();
    if (this.#waiting === 0) this.#over();
    else if (channel.pacing === "drain") this.#checkQuorum();
  }

  #count(batch: Batch): void {
    const { metrics, front } = this.#context;
    metrics.count("rounds_total", 1, { front });
    metrics.observe("round_bytes", batch.body.length, { front });
    metrics.observe("round_publications", batch.count, { front });
    metrics.count("deliveries_total", batch.count * this.members.size, { front });
    metrics.count("delivered_bytes_total", batch.body.length * this.members.size, { front });
  }

  /** One member fewer to wait for. */
  #settled(): void {
    if (this.#waiting === 0) return;
    this.#waiting -= 1;
    if (this.#phase !== "open" || !this.#handedOver) return;
    if (this.#waiting === 0) this.#over();
    else if (this.#quorumMs === undefined) this.#checkQuorum();
  }

  /** Sets the deadline anew when it becomes known how long most needed. */
  #checkQuorum(): void {
    const elapsed = this.#context.clock.monotonic() - this.#startedMs;
    if (this.#isQuorum()) this.#quorumMs = elapsed;
    else if (this.#deadline !== undefined) return;
    this.#waitFor(Math.max(0, this.#patience.waitMs(this.#quorumMs) - elapsed));
  }

  /** True when nearly all of the cohort has drained, those included that are behind. */
  #isQuorum(): boolean {
    return this.#waiting < this.#waitedFor && !this.#crowd.isBehindWith(this.#waiting);
  }

  #waitFor(delayMs: number): void {
    const { clock, limits } = this.#context;
    this.#deadline?.cancel();
    const round = this.#round;
    const waiting = this.#waiting;
    this.#deadline = clock.after(delayMs, () => {
      // The turn may have been long: whoever drained meanwhile is heard before the verdict.
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
    this.#patience.spend(clock.monotonic() - this.#startedMs, this.#quorumMs ?? Number.POSITIVE_INFINITY);
    if (this.#rest === undefined) this.#admitArrivals();
    this.#dropRestIfAlone();
    this.callAhead();
    this.#stopListeningIfAlone();
    if (this.#rest !== undefined || this.cohort.hasPending) this.wake();
    this.#context.ended();
  }

  /** What is left of a body in pieces is of no use when those are gone who got its beginning. */
  #dropRestIfAlone(): void {
    if (this.members.size > 0) return;
    this.#rest = undefined;
    this.#admitArrivals();
  }

  #admitArrivals(): void {
    for (const connection of this.#arrivals) {
      this.#arrivals.delete(connection);
      this.#admit(connection);
    }
  }

  #admit(connection: Connection<H>): void {
    connection.state = "member";
    this.#crowd.cameBack(connection);
    this.members.add(connection);
    this.#context.channel.joined(connection);
  }

  /** The horizon may have moved: whom it has reached may join, whom it has passed reads on. */
  callAhead(): void {
    for (const connection of this.#ahead) {
      if (connection.read.after > this.cohort.horizon) continue;
      this.#ahead.delete(connection);
      this.#context.mayRead(connection);
    }
  }

  /** Members on probation that have not drained go back to reading; the others have kept up once more. */
  #leaveBusyBehind(): void {
    const after = this.cohort.horizon;
    for (const member of this.members) {
      if (member.busy) this.#demote(member, { after, blame: true });
      else if (member.probation > 0) member.keptUp(this.#round);
    }
    this.#stopListeningIfAlone();
  }

  /** The member has, or is being sent, everything up to `after`; what is left of a body in pieces it takes along. */
  #demote(member: Connection<H>, options: { readonly after: number; readonly blame: boolean }): void {
    if (options.blame) {
      member.demote(this.#round);
      this.#crowd.fellBehind(member);
    }
    member.state = "reading";
    member.read = { kind: "history", after: options.after, told: 0 };
    member.rest = this.#rest;
    this.members.delete(member);
    this.#context.channel.left(member);
    this.#context.metrics.count("laggards_total", 1, { front: this.#context.front });
    this.#context.mayRead(member);
  }

  #stopListeningIfAlone(): void {
    if (this.members.size > 0 || this.#arrivals.size > 0) return;
    this.#rest = undefined;
    this.cohort.listen(false);
    this.callAhead();
  }
}
