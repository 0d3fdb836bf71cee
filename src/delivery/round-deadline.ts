import type { Clock } from "../base/clock.js";
import type { FanoutLimits } from "./limits.js";

/**
 * Of wall time, how much may go into waiting for the last members beyond twice what most needed. More than 1% would be
 * the 99th percentile of everybody's delay: at 10%, 22 slow clients took that of 200 fast ones from 15 to 160 ms.
 */
const refillShare = 0.005;

/** What can be saved up of it, as a share of the longest wait. */
const budgetShare = 0.1;

/**
 * How many of a round's members must have drained to tell how long it takes: 90%, and in a small cohort all but one, so
 * that one slow member does not hold up the few others for the longest wait. Who is alone is waited for.
 */
export function quorumOf(members: number): number {
  return Math.min(0.9 * members, Math.max(1, members - 1));
}

/**
 * How long the rounds of one cohort wait for their last members: twice what most needed, plus a budget that refills at
 * 0.5% of wall time, within the limits. So clients that stall one after the other cost the cohort next to none of its
 * time, and one that is only a little slower than the others is waited for. Who is left behind loses nothing: it reads
 * on from history.
 */
export class RoundDeadline {
  readonly #clock: Clock;
  readonly #limits: FanoutLimits;
  #budgetMs: number;
  #refilledAtMs: number;

  constructor(clock: Clock, limits: FanoutLimits) {
    this.#clock = clock;
    this.#limits = limits;
    this.#budgetMs = budgetShare * limits.roundWaitMs;
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
    const refilledMs = this.#budgetMs + refillShare * (now - this.#refilledAtMs);
    this.#budgetMs = Math.min(budgetShare * this.#limits.roundWaitMs, refilledMs);
    this.#refilledAtMs = now;
  }
}
