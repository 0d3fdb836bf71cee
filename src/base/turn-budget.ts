import type { Clock } from "./clock.js";

/** The part of a clock that a {@link TurnBudget} needs. */
export type TurnClock = Pick<Clock, "monotonic" | "endOfTurn">;

/**
 * The default time for each turn, in milliseconds. This time is too short to delay other clients noticeably. But it
 * is much longer than the time to read the clock.
 */
const defaultBudgetMs = 5;

/**
 * Limits the time of one kind of work in each turn of the event loop, so that this work does not delay other work.
 *
 * Call {@link isUsedUp} between two pieces of work. If the result is true, leave the rest of the work to a later turn.
 * The time counts from the first call in a turn, so at least one piece of work is done in each turn. Several kinds of
 * work may share one budget, and then share its time.
 */
export class TurnBudget {
  readonly #clock: TurnClock;
  readonly #budgetMs: number;
  /** Undefined before the first call in this turn. */
  #endsAtMs: number | undefined;

  /** @param budgetMs the time for each turn, in milliseconds */
  constructor(clock: TurnClock, budgetMs = defaultBudgetMs) {
    this.#clock = clock;
    this.#budgetMs = budgetMs;
  }

  /**
   * Starts to measure the time before the first {@link isUsedUp} of this turn, so that the first piece of work counts
   * too.
   */
  start(): void {
    if (this.#endsAtMs === undefined) this.#startAt(this.#clock.monotonic());
  }

  /** True when the rest of the work has to wait for a later turn. */
  isUsedUp(): boolean {
    const nowMs = this.#clock.monotonic();
    return nowMs >= (this.#endsAtMs ?? this.#startAt(nowMs));
  }

  /** Calls `action` in the next turn, which has a new budget. */
  nextTurn(action: () => void): void {
    this.#clock.endOfTurn(action);
  }

  /** For loops that may wait: undefined if the budget is not used up, else a promise that resolves in the next turn. */
  pauseIfUsedUp(): Promise<void> | undefined {
    return this.isUsedUp() ? new Promise((resolve) => this.nextTurn(resolve)) : undefined;
  }

  #startAt(nowMs: number): number {
    this.#endsAtMs = nowMs + this.#budgetMs;
    this.#clock.endOfTurn(() => (this.#endsAtMs = undefined));
    return this.#endsAtMs;
  }
}
