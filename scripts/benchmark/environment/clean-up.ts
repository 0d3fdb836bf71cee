/** Actions that stop processes and remove files at the end. */
export class CleanUp {
  readonly #actions: (() => Promise<void>)[] = [];

  add(action: () => Promise<void>): void {
    this.#actions.push(action);
  }

  /** Runs the actions in reverse order. */
  async run(): Promise<void> {
    for (const action of this.#actions.toReversed()) await action();
  }
}
