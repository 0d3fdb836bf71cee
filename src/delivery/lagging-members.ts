import type { Clock, Timer } from "../base/clock.js";
import { quorumOf } from "./round-deadline.js";

/** What those behind must take in a period, each and together, for publishers to wait for them. */
const busyBytesEach = 64 * 1024;
const busyBytesTogether = 16 * 1024 * 1024;

export interface LaggingMembersOptions {
  readonly clock: Clock;
  /** How often it is looked at, in milliseconds. */
  readonly periodMs: number;
  /** How many connections the cohort has. */
  readonly size: () => number;
  /** Publishers are to wait, or no longer. */
  readonly hold: (on: boolean) => void;
}

/**
 * Those of a cohort who were left behind and have not come back. Few are slow clients, whom nobody waits for. When more
 * than a tenth of the cohort is behind and takes much all the same, it is a crowd as busy as it can be, and it is the
 * publishers that have to wait: else the few who happen not to be behind would set the pace, and the others would read
 * from history until it has moved past them. A crowd behind that takes little is slow; it holds up nobody.
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

  /** True when more than a tenth of the cohort is behind, or would be with so many more. */
  isBehindWith(more: number): boolean {
    const size = this.#options.size();
    return size - this.#behind.size - more < quorumOf(size);
  }

  fellBehind(connection: C): void {
    this.#behind.add(connection);
    if (this.#watch === undefined && this.isBehindWith(0)) this.#lookAgain();
  }

  cameBack(connection: C): void {
    if (this.#behind.delete(connection)) this.#settle();
  }

  /** The connection is gone; {@link LaggingMembersOptions.size} may still count it. */
  left(connection: C): void {
    this.#behind.delete(connection);
    this.#settle();
  }

  /** A page was written to a connection that had drained. */
  served(connection: C, bytes: number): void {
    if (this.#behind.has(connection)) this.#servedBytes += bytes;
  }

  #lookAgain(): void {
    const { clock, periodMs } = this.#options;
    this.#servedBytes = 0;
    this.#watch = clock.after(periodMs, () => {
      this.#hold(this.#servedBytes >= Math.min(busyBytesEach * this.#behind.size, busyBytesTogether));
      this.#lookAgain();
    });
  }

  #settle(): void {
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
