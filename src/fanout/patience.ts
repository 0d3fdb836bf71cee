import type { Clock } from "../clock.js";
import type { FanoutLimits } from "./limits.js";

/** Of wall time, how much may go into waiting for the last members beyond twice what most needed. */
const refillShare = 0.1;

/** The share of members whose draining tells how long a round takes. */
export const quorum = 0.9;

/**
 * How long the rounds of one cohort wait for their last members: twice what the first 90% needed, plus a budget that
 * refills at 10% of wall time, within the limits. So clients that stall one after the other cost the cohort a tenth of
 * its time at most, and one that is only a little slower than the others is waited for.
 */
export class Patience {
  readonly #clock: Clock;
  readonly #limits: FanoutLimits;
  #budgetMs: number;
  #refilledAtMs: number;

  constructor(clock: Clock, limits: FanoutLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#budgetMs = limits.roundWaitMs;
    this.#refilledAtMs = clock.monotonic();
  }

  /** How long a round may take in all, in milliseconds, given what the quorum needed; undefined while it has not drained. */
  waitMs(quorumMs: number | undefined): number {
    const { roundWaitMs, roundWaitFloorMs } = this.#limits;
    if (quorumMs === undefined) return roundWaitMs;
    this.#refill();
    return Math.min(roundWaitMs, 2 * quorumMs + Math.max(roundWaitFloorMs, this.#budgetMs));
  }

  /** Takes what a finished round used beyond twice what its quorum needed. */
  spend(tookMs: number, quorumMs: number): void {
    this.#refill();
    this.#budgetMs = Math.max(0, this.#budgetMs - Math.max(0, tookMs - 2 * quorumMs));
  }

  #refill(): void {
    const now = this.#clock.monotonic();
    this.#budgetMs = Math.min(
      this.#limits.roundWaitMs,
      this.#budgetMs + refillShare * (now - this.#refilledAtMs),
    );
    this.#refilledAtMs = now;
  }
}
