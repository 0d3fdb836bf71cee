import type { ReadState } from "../hub/history-page.js";
import type { FanoutCohort } from "./cohort-source.js";

/** The number of rounds that a laggard has to keep up with before a round waits for it again. */
const firstProbation = 4;
const longestProbation = 1024;

/**
 * The reason to close a stream in order: the hub stops, its rights have expired, or the client sent something that is
 * not allowed.
 */
export type EndReason = "stopping" | "expired" | "misused";

/** The rounds of a connection's cohort. */
export interface Rounds<H> {
  readonly cohort: FanoutCohort;
  /** True if members have got a part of a body and need the rest. */
  readonly isMidway: boolean;
  /** Makes a drained reader at the cohort's horizon, or ahead of it, a member as soon as possible. */
  join(connection: Connection<H>): void;
  /** Call it after the write of a reader's last bytes before the horizon. */
  expect(connection: Connection<H>): void;
  /** Call it after a write to a drained reader. */
  served(connection: Connection<H>, bytes: number): void;
  /** Call it when a member has drained. */
  drained(connection: Connection<H>): void;
  /** Removes a connection in any state. The caller sets its new state. */
  remove(connection: Connection<H>): void;
  /** Removes a connection; it then reads on from its position, with the rest of a body in pieces. */
  release(connection: Connection<H>): void;
}

/**
 * One client stream. It is `reading` history, page by page as it drains, until it reaches the start of its cohort's
 * next round. From then on it is a `member` and receives rounds. A member that does not drain in time is a laggard: it
 * reads history again, and keeps nothing but its position. After that it is a member on probation: it gets rounds, but
 * no round waits for it.
 */
export class Connection<H> {
  /** The front's name for the client. */
  readonly handle: H;
  /** The rounds of its cohort. {@link Connection.enter} changes them. */
  rounds: Rounds<H>;
  state: "reading" | "member" | "closed" = "reading";
  /** Its state while it reads history. */
  read: ReadState;
  /** True from a write until the client has received the bytes. */
  busy = false;
  busySinceMs = 0;
  /** The rest of a body in pieces. The client must get it before anything else. */
  rest: Buffer | undefined;
  /** The rounds that it still has to keep up with before a round waits for it again. */
  probation = 0;
  /** The time when its rights end, in milliseconds since 1970; infinite if they never end. */
  expiresAtMs: number;
  /** Called when the stream has ended. */
  readonly ended: (() => void) | undefined;
  /** Called after a write if there is space for further answers. */
  readonly onRoom: (() => void) | undefined;
  /** The reason to close it as soon as it has drained; undefined if it stays open. */
  ending: EndReason | undefined;
  #penalty = 0;
  #fullSinceRound = 0;

  constructor(options: {
    readonly handle: H;
    readonly rounds: Rounds<H>;
    readonly read: ReadState;
    readonly expiresAtMs: number | undefined;
    readonly ended: (() => void) | undefined;
    readonly onRoom?: (() => void) | undefined;
  }) {
    this.handle = options.handle;
    this.rounds = options.rounds;
    this.read = options.read;
    this.ended = options.ended;
    this.onRoom = options.onRoom;
    this.expiresAtMs = options.expiresAtMs ?? Number.POSITIVE_INFINITY;
  }

  get isLaggard(): boolean {
    return this.state === "reading" && this.probation > 0;
  }

  /** Moves it to the rounds of another cohort. Each cohort numbers its own rounds. */
  enter(rounds: Rounds<H>, read: ReadState): void {
    this.rounds = rounds;
    this.read = read;
    this.#fullSinceRound = 0;
  }

  /** Puts it on probation: for twice as many rounds as the last time, unless it has kept up for much longer since. */
  demote(round: number): void {
    const proven = this.probation === 0 && round - this.#fullSinceRound > 8 * this.#penalty;
    this.#penalty =
      this.#penalty === 0 || proven ? firstProbation : Math.min(2 * this.#penalty, longestProbation);
    this.probation = this.#penalty;
  }

  /** It has kept up with one round. After the last one of its probation, rounds wait for it again. */
  keptUp(round: number): void {
    this.probation -= 1;
    if (this.probation === 0) this.#fullSinceRound = round;
  }
}
