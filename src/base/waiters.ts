interface Waiter {
  readonly isReached: () => boolean;
  readonly resolve: () => void;
}

/**
 * Promises for conditions that are not true yet. The owner calls {@link Waiters.look} when a condition may have
 * changed.
 */
export class Waiters {
  #waiting: Waiter[] = [];

  /** Resolves when the condition is true: now, or at a later {@link Waiters.look}. */
  until(isReached: () => boolean): Promise<void> {
    if (isReached()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ isReached, resolve }));
  }

  /** Checks every awaited condition. */
  look(): void {
    if (this.#waiting.length === 0) return;
    const still: Waiter[] = [];
    for (const waiter of this.#waiting) {
      if (waiter.isReached()) waiter.resolve();
      else still.push(waiter);
    }
    this.#waiting = still;
  }
}
