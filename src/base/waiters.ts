interface Waiter {
  readonly isReached: () => boolean;
  readonly resolve: () => void;
}

/** Promises for conditions that do not hold yet. The owner calls {@link Waiters.look} when something has changed. */
export class Waiters {
  #waiting: Waiter[] = [];

  /** Resolves when the condition holds: now, or at a later {@link Waiters.look}. */
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
