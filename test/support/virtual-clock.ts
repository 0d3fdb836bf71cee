import type { Clock, Timer } from "../../src/base/clock.js";

interface Due {
  atMs: number;
  readonly order: number;
  readonly periodMs?: number;
  readonly action: () => void;
}

/**
 * A clock that a test moves. Timers fire in the order of their time. Timers of the same time fire in the order in which
 * the code set them. After each timer, the end-of-turn callbacks of the timer run.
 */
export class VirtualClock implements Clock {
  #elapsedMs = 0;
  #wallMs: number;
  #order = 0;
  readonly #timers = new Set<Due>();
  #turn: (() => void)[] = [];

  /** `startMs` is the wall-clock time at the start, in milliseconds since 1970. */
  constructor(startMs = Date.UTC(2026, 0, 1)) {
    this.#wallMs = startMs;
  }

  now(): number {
    return this.#wallMs + this.#elapsedMs;
  }

  monotonic(): number {
    return this.#elapsedMs;
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#set({ atMs: this.#elapsedMs + Math.max(0, delayMs), order: this.#order++, action });
  }

  every(periodMs: number, action: () => void): Timer {
    if (!(periodMs > 0)) throw new RangeError(`a period of ${periodMs} ms would never let the clock move`);
    return this.#set({ atMs: this.#elapsedMs + periodMs, order: this.#order++, periodMs, action });
  }

  endOfTurn(action: () => void): void {
    this.#turn.push(action);
  }

  /** The number of active timers. The number must be 0 after all owners of timers are closed. */
  get timers(): number {
    return this.#timers.size;
  }

  /** The time until the next timer fires, in milliseconds; infinite without a timer. */
  untilNextMs(): number {
    return (this.#next(Infinity)?.atMs ?? Infinity) - this.#elapsedMs;
  }

  /** Runs all end-of-turn callbacks, including callbacks that other callbacks add. */
  runEndOfTurn(): void {
    while (this.#turn.length > 0) {
      const actions = this.#turn;
      this.#turn = [];
      for (const action of actions) action();
    }
  }

  /** Ends the turn, then advances the time by `ms` milliseconds and fires all timers on the way. */
  advance(ms: number): void {
    const end = this.#elapsedMs + ms;
    this.runEndOfTurn();
    for (let due = this.#next(end); due !== undefined; due = this.#next(end)) {
      this.#elapsedMs = Math.max(this.#elapsedMs, due.atMs);
      if (due.periodMs === undefined) this.#timers.delete(due);
      else due.atMs += due.periodMs;
      due.action();
      this.runEndOfTurn();
    }
    this.#elapsedMs = end;
  }

  /** Sets only the wall clock, forwards or back, as an operator or NTP does. */
  jumpTo(wallMs: number): void {
    this.#wallMs = wallMs - this.#elapsedMs;
  }

  #set(due: Due): Timer {
    this.#timers.add(due);
    return { cancel: () => void this.#timers.delete(due) };
  }

  #next(endMs: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#timers) {
      if (due.atMs > endMs) continue;
      if (
        first === undefined ||
        due.atMs < first.atMs ||
        (due.atMs === first.atMs && due.order < first.order)
      )
        first = due;
    }
    return first;
  }
}
