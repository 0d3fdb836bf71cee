import type { Clock } from "./clock.js";

/** The part of a clock that a {@link TurnBudget} needs. */
export type TurnClock = Pick<Clock, "monotonic" | "endOfTurn">;

/**
 * The default time for each turn, in milliseconds. This time is too short to delay other clients noticeably. But it
 * is much longer than the time to read the clock.
 */
const defaultBudgetMs = 5;

/** The items of a step of {@link copyInSteps}. To copy references to as many items takes less than a millisecond. */
const itemsPerStep = 4096;

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
  /** The loops that wait for the next turn. */
  readonly #paused: (() => void)[] = [];

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
    return this.isUsedUp() ? new Promise((resolve) => this.#pause(resolve)) : undefined;
  }

  /**
   * Calls `work` for each item in order, in as many turns as needed. Several calls share the time: each call that waits
   * goes on with one item before the others go on with the next.
   */
  async map<T, R>(items: Iterable<T>, work: (item: T) => R): Promise<readonly R[]> {
    const results: R[] = [];
    const iterator = items[Symbol.iterator]();
    for (;;) {
      // The other calls go on now, and may use up the time.
      await Promise.resolve();
      while (this.isUsedUp()) await new Promise<void>((resolve) => this.#pause(resolve));
      const item = iterator.next();
      if (item.done === true) return results;
      results.push(work(item.value));
    }
  }

  /** Makes all steps of a piece of work, in as many turns as needed. Returns its result. */
  async run<R>(steps: Generator<undefined, R>): Promise<R> {
    for (;;) {
      while (this.isUsedUp()) await this.pauseIfUsedUp();
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** All loops go on in one callback, so that no loop uses up the time before the others have been resumed. */
  #pause(resume: () => void): void {
    this.#paused.push(resume);
    if (this.#paused.length > 1) return;
    this.nextTurn(() => {
      for (const each of this.#paused.splice(0)) each();
    });
  }

  #startAt(nowMs: number): number {
    this.#endsAtMs = nowMs + this.#budgetMs;
    this.#clock.endOfTurn(() => (this.#endsAtMs = undefined));
    return this.#endsAtMs;
  }
}

/**
 * Passes all items to `take`, in steps: after each step, the caller decides whether to go on in this turn of the event
 * loop.
 */
export function* copyInSteps<T>(items: Iterable<T>, take: (item: T) => void): Generator<undefined, void> {
  let left = itemsPerStep;
  for (const item of items) {
    take(item);
    left -= 1;
    if (left > 0) continue;
    yield undefined;
    left = itemsPerStep;
  }
}
