import type { FilterSet } from "./filter-set.js";

/** About 3 ms. One step is about the work of comparing one level of a topic with one part of a pattern. */
const steps = 100_000;

/**
 * Limits the work of one read that compares a filter set with many topics. The budget counts the steps of the set
 * from the creation of the budget. The budget counts steps, not time, so that the same read always stops at the same
 * place.
 */
export class StepBudget {
  readonly #set: FilterSet;
  #left: number;

  constructor(set: FilterSet) {
    this.#set = set;
    this.#left = steps + set.steps;
  }

  /** Adds steps that the filter set does not count. */
  spend(more: number): void {
    this.#left -= more;
  }

  /** True when the rest of the work has to wait for a later turn of the event loop. */
  isUsedUp(): boolean {
    return this.#set.steps > this.#left;
  }
}
