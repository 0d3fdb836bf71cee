import { CompactingQueue } from "../../base/compacting-queue.js";
import type { TurnBudget } from "../../base/turn-budget.js";

/** A small piece of work. Returns true if its owner has more work, which may then wait for a later turn. */
export type Step = () => boolean;

/**
 * Shares the time of each turn among many clients, so that a client with much work delays the others by one step, and
 * not by all of its work. When the budget of a turn is used up, the clients wait in a queue. The next turn does one step
 * of each in rotation.
 */
export class TurnRotation {
  readonly #budget: TurnBudget;
  readonly #waiting = new CompactingQueue<Step>();
  #isScheduled = false;

  constructor(budget: TurnBudget) {
    this.#budget = budget;
  }

  /**
   * Repeats the step until it returns false: at once if there is time in this turn and nobody waits, otherwise in
   * rotation. Do not call this method again for the same client before the step has returned false.
   */
  run(step: Step): void {
    if (this.#waiting.length > 0) return this.runLater(step);
    while (!this.#budget.isUsedUp()) if (!step()) return;
    this.runLater(step);
  }

  /** As {@link run}, but calls the step in the next turn at the earliest. */
  runLater(step: Step): void {
    this.#waiting.push(step);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#budget.nextTurn(() => this.#rotate());
  }

  /** The first step needs no budget. Otherwise other work with the same budget could stop all steps. */
  #rotate(): void {
    this.#isScheduled = false;
    this.#budget.start();
    do {
      const step = this.#waiting.shift();
      if (step === undefined) return;
      if (step()) this.#waiting.push(step);
    } while (!this.#budget.isUsedUp());
    if (this.#waiting.length > 0) this.#schedule();
  }
}
