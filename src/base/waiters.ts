/** Those who wait until something is so. */
export class Waiters {
  #waiting: { readonly reached: () => boolean; readonly resolve: () => void }[] = [];

  /** Resolves when it is so: at once, or at a later {@link look}. */
  until(reached: () => boolean): Promise<void> {
    if (reached()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ reached, resolve }));
  }

  /** Something has changed. */
  look(): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter((waiter) => waiter.reached());
    this.#waiting = this.#waiting.filter((waiter) => !ready.includes(waiter));
    for (const waiter of ready) waiter.resolve();
  }
}
