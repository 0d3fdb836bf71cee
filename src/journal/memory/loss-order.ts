import { countLeading } from "../../base/binary-search.js";
import type { LossMark } from "../../hub/publications/history.js";

/** What can lose something; the moment is kept by {@link LossOrder}. */
export interface LossOwner {
  /** When it lost something last; 0 when it has not, or does not count any more. */
  lostAt: LossMark;
}

interface Loss<L extends LossOwner> {
  readonly loser: L;
  readonly at: LossMark;
}

/**
 * Who has lost something, in the order of the last loss of each, found by its moment. Whoever looks through them in parts
 * misses nobody: who loses something again meanwhile goes to the end.
 */
export class LossOrder<L extends LossOwner> {
  /** In order. What was followed by another loss of the same is skipped, and dropped when it is most. */
  #losses: Loss<L>[] = [];
  #losers = 0;

  /** @param at not before any other */
  add(loser: L, at: LossMark): void {
    if (loser.lostAt === 0) this.#losers += 1;
    if (loser.lostAt === at) return;
    loser.lostAt = at;
    this.#losses.push({ loser, at });
    if (this.#losses.length > 1024 && this.#losses.length > 2 * this.#losers)
      this.#losses = this.#losses.filter(isLast);
  }

  remove(loser: L): void {
    if (loser.lostAt > 0) this.#losers -= 1;
    loser.lostAt = 0;
  }

  /** Those with a loss after this moment, who lost something last at the end. */
  *after(mark: LossMark): Generator<L, void> {
    for (let index = this.#indexAfter(mark); index < this.#losses.length; index += 1) {
      const loss = this.#losses[index];
      if (loss !== undefined && isLast(loss)) yield loss.loser;
    }
  }

  #indexAfter(mark: LossMark): number {
    return countLeading(this.#losses.length, (index) => (this.#losses[index]?.at ?? 0) <= mark);
  }
}

function isLast({ loser, at }: Loss<LossOwner>): boolean {
  return loser.lostAt === at;
}
