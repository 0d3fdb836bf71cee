import type { ReadState } from "../hub/history-page.js";
import type { FanoutCohort } from "./cohort-source.js";

/** After leaving a round behind, a connection is not waited for until it has kept up with this many. */
const firstProbation = 4;
const longestProbation = 1024;

/** Why a stream is closed in order: the hub stops, its rights have expired, or the client sends what it may not. */
export type EndReason = "stopping" | "expired" | "misused";

/** The rounds that a connection takes part in. */
export interface Rounds<H> {
  readonly cohort: FanoutCohort;
  /** True when members have a part of a body whose rest they are still to get. */
  readonly isMidway: boolean;
  /** Makes a drained reader that stands at the cohort's horizon, or ahead of it, a member as soon as it may be one. */
  join(connection: Connection<H>): void;
  /** A reader's last bytes before the horizon are on their way. */
  expect(connection: Connection<H>): void;
  /** A reader that had drained is being sent more. */
  served(connection: Connection<H>, bytes: number): void;
  /** A member has drained. */
  drained(connection: Connection<H>): void;
  /** Takes a connection out, whatever it is; it stays what the caller makes of it. */
  remove(connection: Connection<H>): void;
  /** Takes a connection out to read on from where it stands; what is left of a body in pieces it takes along. */
  release(connection: Connection<H>): void;
}

/**
 * One client stream. It is `reading` history, page by page as it drains, until it stands where its cohort's next round
 * begins; from then on it is a `member` and receives rounds. A member that does not drain in time is a laggard: it goes
 * back to reading, holds nothing but its position, and comes back on probation: it gets rounds, but none waits for it.
 */
export class Connection<H> {
  /** What the front knows the client by. */
  readonly handle: H;
  /** Those of its cohort; {@link Connection.enter} changes them. */
  rounds: Rounds<H>;
  state: "reading" | "member" | "closed" = "reading";
  /** Where it stands while it reads. */
  read: ReadState;
  /** True from a write until the client has taken it. */
  busy = false;
  busySinceMs = 0;
  /** What it must get before anything else: the rest of a body that goes out in pieces. */
  rest: Buffer | undefined;
  /** Rounds that it still has to keep up with before one waits for it again. */
  probation = 0;
  /** When its rights end, in milliseconds since 1970; infinite where they do not. */
  expiresAtMs: number;
  /** Whoever opened the stream wants to know of its end. */
  readonly ended: (() => void) | undefined;
  /** Called when something was written to it, and there is room for answers. */
  readonly onRoom: (() => void) | undefined;
  /** Why it is to be closed as soon as it has drained; undefined while it is not. */
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

  /** It has come out of other rounds, whose count is not that of these. */
  enter(rounds: Rounds<H>, read: ReadState): void {
    this.rounds = rounds;
    this.read = read;
    this.#fullSinceRound = 0;
  }

  /**
   * Puts it on probation: twice as long as the last time, unless it has been off it for much longer than that since.
   */
  demote(round: number): void {
    const proven = this.probation === 0 && round - this.#fullSinceRound > 8 * this.#penalty;
    this.#penalty =
      this.#penalty === 0 || proven ? firstProbation : Math.min(2 * this.#penalty, longestProbation);
    this.probation = this.#penalty;
  }

  /** One round kept up with; the last one of its probation makes it a member that rounds wait for. */
  keptUp(round: number): void {
    this.probation -= 1;
    if (this.probation === 0) this.#fullSinceRound = round;
  }
}
