import type { Clock, Timer } from "../../base/clock.js";

/** The time between two steps, in milliseconds. 10,000 streams in 5 s are 40 in each step, which takes 1 ms. */
const stepMs = 20;

export interface EvenEnds<T> {
  readonly clock: Pick<Clock, "monotonic" | "every">;
  /** The number of items at the start. */
  readonly count: number;
  /** The items, in the order in which they end. Items may be added and removed meanwhile. */
  readonly items: Iterable<T>;
  /** The time for all items, in milliseconds. With 0, all items end at once. */
  readonly overMs: number;
  readonly end: (item: T) => void;
  /** Called after each step. @default nothing */
  readonly afterStep?: () => void;
  /** Called after the last step. */
  readonly ended: () => void;
}

/**
 * Ends items evenly over a time: the first one at once, and after each `overMs / count` the next. Items that are added
 * meanwhile end with the last ones. The steps end earlier if there are no items left.
 */
export class EndEvenly<T> {
  readonly #options: EvenEnds<T>;
  readonly #startedMs: number;
  readonly #items: Iterator<T>;
  #ended = 0;
  #timer: Timer | undefined;

  constructor(options: EvenEnds<T>) {
    this.#options = options;
    this.#startedMs = options.clock.monotonic();
    this.#items = options.items[Symbol.iterator]();
    if (this.#step()) this.#timer = options.clock.every(stepMs, () => void this.#step());
  }

  /** Ends nothing more. */
  cancel(): void {
    this.#timer?.cancel();
  }

  /** False after the last step. */
  #step(): boolean {
    const { end, afterStep, ended } = this.#options;
    const due = this.#due();
    let isLast = due === Number.POSITIVE_INFINITY;
    while (this.#ended < due) {
      const next = this.#items.next();
      isLast ||= next.done === true;
      if (next.done === true) break;
      this.#ended += 1;
      end(next.value);
    }
    afterStep?.();
    if (!isLast) return true;
    this.cancel();
    ended();
    return false;
  }

  /** The number of items that should have ended by now. */
  #due(): number {
    const { clock, count, overMs } = this.#options;
    const elapsedMs = clock.monotonic() - this.#startedMs;
    if (elapsedMs >= overMs) return Number.POSITIVE_INFINITY;
    return Math.floor((elapsedMs * count) / overMs) + 1;
  }
}
