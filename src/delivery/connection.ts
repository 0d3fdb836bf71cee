import type { ReadState } from "../hub/history-page.js";
import type { FanoutCohort } from "./cohort-source.js";
import type { EndReason, StreamEnded } from "./joining/open-stream.js";

/** The number of rounds that a laggard has to keep up with before rounds wait for the laggard again. */
const firstProbation = 4;
const longestProbation = 1024;

/** The rounds of a connection's cohort. */
export interface Rounds<H> {
  readonly cohort: FanoutCohort;
  /** True if members have received a part of a body and need the rest. */
  readonly isMidway: boolean;
  /**
   * Makes a drained reader a member as soon as possible. The reader is at the cohort's horizon or ahead of the horizon.
   */
  join(connection: Connection<H>): void;
  /** Call this after the write of a reader's last bytes before the horizon. */
  expect(connection: Connection<H>): void;
  /** Call this after a write to a drained reader. */
  served(connection: Connection<H>, bytes: number): void;
  /** Call this when a member has drained. */
  drained(connection: Connection<H>): void;
  /** Removes a connection in any state. The caller sets the connection's new state. */
  remove(connection: Connection<H>): void;
  /** Removes a connection. The connection becomes a reader. It keeps its position and the rest of a body in pieces. */
  release(connection: Connection<H>): void;
}

/**
 * One client stream. A new connection is `reading` history, page by page, until the start of its cohort's next round.
 * From then on the connection is a `member` and receives rounds. A member that does not drain in time becomes a
 * laggard. A laggard reads history again, and the hub keeps only the laggard's position. When the laggard has read
 * everything up to the horizon, the laggard becomes a member on probation. Such a member gets rounds, but no round
 * waits for the member.
 */
export class Connection<H> {
  /** The front's handle of the client. */
  readonly handle: H;
  /** The rounds of the connection's cohort. {@link Connection.enter} changes this field. */
  rounds: Rounds<H>;
  state: "reading" | "member" | "closed" = "reading";
  /** The connection's state while it reads history. */
  read: ReadState;
  /** True from a write until the client has received the bytes. */
  busy = false;
  busySinceMs = 0;
  /** As {@link Channel.sentBytes}, at the last check. */
  sentBytes = 0;
  /**
   * The unwritten rest of a body that the channel writes in pieces. The client must get this rest before any other
   * bytes.
   */
  rest: Buffer | undefined;
  /** The number of rounds that the connection still has to keep up with before rounds wait for the connection again. */
  probation = 0;
  /** The time when the connection's rights end, in milliseconds since 1970; infinite if the rights never end. */
  expiresAtMs: number;
  /** The monotonic time when the stream reaches its longest age; infinite if there is no such age. */
  endsAtMs = Number.POSITIVE_INFINITY;
  /** The interval of heartbeats at the opening. The client may take a stream without heartbeats for dead. */
  heartbeatMs = Number.POSITIVE_INFINITY;
  /** Called when the stream has ended. */
  readonly ended: StreamEnded | undefined;
  /** Called after a write if there is space for further replies. */
  readonly onRoom: (() => void) | undefined;
  /** The reason to close the connection as soon as it has drained; undefined if the connection stays open. */
  ending: EndReason | undefined;
  /** The last bytes of an ending stream; undefined for those that its reason has. */
  last: Buffer | undefined;
  #penalty = 0;
  #fullSinceRound = 0;

  constructor(options: {
    readonly handle: H;
    readonly rounds: Rounds<H>;
    readonly read: ReadState;
    readonly expiresAtMs: number | undefined;
    readonly ended: StreamEnded | undefined;
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

  /** Moves the connection to the rounds of another cohort. Each cohort numbers its own rounds. */
  enter(rounds: Rounds<H>, read: ReadState): void {
    this.rounds = rounds;
    this.read = read;
    this.#fullSinceRound = 0;
  }

  /**
   * Puts the connection on probation. The probation has twice as many rounds as the connection's last probation, up
   * to a limit. But if the connection has kept up for more than eight times that number of rounds since then, the
   * probation has its first length again.
   */
  demote(round: number): void {
    const proven = this.probation === 0 && round - this.#fullSinceRound > 8 * this.#penalty;
    this.#penalty =
      this.#penalty === 0 || proven ? firstProbation : Math.min(2 * this.#penalty, longestProbation);
    this.probation = this.#penalty;
  }

  /**
   * Call this when the connection has kept up with one round. After the last round of the probation, rounds wait for
   * the connection again.
   */
  keptUp(round: number): void {
    this.probation -= 1;
    if (this.probation === 0) this.#fullSinceRound = round;
  }
}
