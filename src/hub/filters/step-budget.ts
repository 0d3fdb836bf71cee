import type { FilterSet } from "./filter-set.js";

/** Some 3 ms. A step is about as much work as one level of a topic that one part of a pattern looks at. */
const steps = 100_000;

/**
 * Limits the work of one read that compares a filter set with many topics. The steps of the set count from the
 * construction of the budget. It counts steps, not time, so that the same read always stops at the same place.
 */
export class StepBudget {
  readonly #set: FilterSet;
  #left: number;

  constructor(set: FilterSet) {
    this.#set = set;
    this.#left = steps + set.steps;
  }

  /** Adds steps that the set does not count by itself. */
  spend(more: number): void {
    this.#left -= more;
  }

  /** True when the rest has to wait for a later turn of the event loop. */
  isUsedUp(): boolean {
    return this.#set.steps > this.#left;
  }
}
