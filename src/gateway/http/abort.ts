/** That the client of a request has gone before it was answered, for those who wait for it whenever they begin to. */
export class Departure {
  #listeners: (() => void)[] = [];
  #isOver = false;

  /** Calls `listener` once: when the client goes, or now if it has gone. */
  whenGone(listener: () => void): void {
    if (this.#isOver) listener();
    else this.#listeners.push(listener);
  }

  /** The client has gone. Safe to call twice. */
  gone(): void {
    this.#isOver = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
