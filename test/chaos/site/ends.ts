import type { OnEnd } from "../../support/on-end.js";

/** Ends what a run has started, the last first. A run may be one of many in a test. */
export class Ends {
  readonly #actions: (() => void | Promise<void>)[] = [];

  readonly add: OnEnd = (action) => void this.#actions.push(action);

  async run(): Promise<void> {
    for (const action of this.#actions.splice(0).toReversed()) await action();
  }
}
