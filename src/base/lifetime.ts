/**
 * The lifetime of a connection or of a request. Code that holds memory, a timer or a place for it says at the same
 * time how to give that back. So nothing stays behind, however the lifetime ends.
 */
export class Lifetime {
  /** Undefined after the end. */
  #actions: (() => void)[] | undefined = [];

  get isOver(): boolean {
    return this.#actions === undefined;
  }

  /** Calls `action` at the end, or now if the lifetime is over. Actions run in the order in which they were added. */
  onEnd(action: () => void): void {
    if (this.#actions === undefined) action();
    else this.#actions.push(action);
  }

  /** Runs all actions. A second call does nothing. */
  end(): void {
    const actions = this.#actions ?? [];
    this.#actions = undefined;
    for (const action of actions) action();
  }
}
