import type { TurnClock } from "../../src/base/turn-budget.js";

/** A clock whose time moves only with the work of a test, turn by turn. */
export class TurnByTurn implements TurnClock {
  nowMs = 0;
  #next: (() => void)[] = [];

  monotonic(): number {
    return this.nowMs;
  }

  endOfTurn(action: () => void): void {
    this.#next.push(action);
  }

  /** Ends the turn. Returns false if nothing was left to do. */
  endTurn(): boolean {
    const actions = this.#next.splice(0);
    for (const action of actions) action();
    return actions.length > 0;
  }
}
