import { CompactingQueue } from "../../base/compacting-queue.js";
import type { TurnBudget } from "../../base/turn-budget.js";

/** A small piece of work. Returns true if its owner has more work, which may then wait for a later turn. */
export type Step = () => boolean;

/**
 * The most requests of all clients that begin in one turn. A request may go on after its step, such as a poll that needs
 * 1 ms. A turn without work needs 0.03 ms, so this limit costs little.
 */
export const requestsPerTurn = 8;

/**
 * Shares the time of each turn among many clients, so that a client with much work delays the others by one step, and
 * not by all of its work. When the time or the requests of a turn are used up, the clients wait in a queue. The next turn
 * does one step of each in rotation.
 */
export class TurnRotation {
  readonly #budget: TurnBudget;
  readonly #waiting = new CompactingQueue<Step>();
  #isScheduled = false;
  /** The requests that began in this turn. */
  #requests = 0;

  constructor(budget: TurnBudget) {
    this.#budget = budget;
  }

  /**
   * Repeats the step until it returns false: at once if there is time in this turn and nobody waits, otherwise in
   * rotation. Do not call this method again for the same client before the step has returned false.
   */
  run(step: Step): void {
    if (this.#waiting.length > 0) return this.runLater(step);
    while (!this.#isUsedUp()) if (!step()) return;
    this.runLater(step);
  }

  /** As {@link run}, but calls the step in the next turn at the earliest. */
  runLater(step: Step): void {
    this.#waiting.push(step);
    this.#schedule();
  }

  /** Call this method when a request begins. */
  countRequest(): void {
    if (this.#requests === 0) this.#budget.nextTurn(() => (this.#requests = 0));
    this.#requests += 1;
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
    } while (!this.#isUsedUp());
    if (this.#waiting.length > 0) this.#schedule();
  }

  #isUsedUp(): boolean {
    return this.#requests >= requestsPerTurn || this.#budget.isUsedUp();
  }
}
