/** Actions that undo what was started. */
export class CleanUp {
  readonly #actions: (() => Promise<void>)[] = [];

  add(action: () => Promise<void>): void {
    this.#actions.push(action);
  }

  /** Runs the actions, last first. */
  async run(): Promise<void> {
    for (const action of this.#actions.toReversed()) await action();
  }
}
