import type { Clock, Timer } from "../base/clock.js";
import type { FanoutLimits } from "../limits/fanout.js";
import { quorumOf } from "./round-deadline.js";

/**
 * Publishers wait only if the lagging members together read enough bytes in a period. The smaller of two amounts is
 * enough: `busyBytesEach` times the number of lagging members, or `busyBytesTogether`.
 */
const busyBytesEach = 64 * 1024;
const busyBytesTogether = 16 * 1024 * 1024;

export interface LaggingMembersOptions {
  readonly clock: Clock;
  /** {@link LaggingMembers} counts the bytes that lagging members read in `roundWaitMs`. Read at each use. */
  readonly limits: Pick<FanoutLimits, "roundWaitMs">;
  /** Returns the number of the cohort's connections. */
  readonly size: () => number;
  /** After `hold(true)`, publishers wait until `hold(false)`. */
  readonly hold: (on: boolean) => void;
}

/**
 * The members of a cohort that were too slow for a round and have not rejoined. A few lagging members are slow clients,
 * and rounds do not wait for slow clients. If more than a tenth of the cohort lags and the laggards still read many
 * bytes, the whole cohort is at its limit. Then publishers have to wait. Without this wait, the fast members set the
 * rate, and history evicts events before the lagging members have read the events. Lagging members that read few bytes
 * are slow clients, and publishers do not wait for slow clients.
 */
export class LaggingMembers<C> {
  readonly #options: LaggingMembersOptions;
  readonly #behind = new Set<C>();
  #servedBytes = 0;
  #watch: Timer | undefined;
  #holding = false;

  constructor(options: LaggingMembersOptions) {
    this.#options = options;
  }

  /** True if more than a tenth of the cohort lags, when `more` further members count as lagging. */
  isBehindWith(more: number): boolean {
    const size = this.#options.size();
    return size - this.#behind.size - more < quorumOf(size);
  }

  fellBehind(connection: C): void {
    this.#behind.add(connection);
    if (this.#watch === undefined && this.isBehindWith(0)) this.#watchNextPeriod();
  }

  cameBack(connection: C): void {
    if (this.#behind.delete(connection)) this.#stopWatchingIfFew();
  }

  /** Call this when the connection has ended. {@link LaggingMembersOptions.size} may still count the connection. */
  left(connection: C): void {
    this.#behind.delete(connection);
    this.#stopWatchingIfFew();
  }

  /** Call this after the write of a page to a drained connection. */
  served(connection: C, bytes: number): void {
    if (this.#behind.has(connection)) this.#servedBytes += bytes;
  }

  #watchNextPeriod(): void {
    const { clock, limits } = this.#options;
    this.#servedBytes = 0;
    this.#watch = clock.after(limits.roundWaitMs, () => {
      this.#hold(this.#servedBytes >= Math.min(busyBytesEach * this.#behind.size, busyBytesTogether));
      this.#watchNextPeriod();
    });
  }

  #stopWatchingIfFew(): void {
    if (this.#watch === undefined || (this.#behind.size > 0 && this.isBehindWith(0))) return;
    this.#watch.cancel();
    this.#watch = undefined;
    this.#hold(false);
  }

  #hold(on: boolean): void {
    if (this.#holding === on) return;
    this.#holding = on;
    this.#options.hold(on);
  }
}
