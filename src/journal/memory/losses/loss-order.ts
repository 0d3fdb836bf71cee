import { countLeading } from "../../../base/binary-search.js";
import type { LossMark } from "../../../hub/publications/history.js";

/** An owner of entries that can be evicted. {@link LossOrder} sets the owner's mark. */
export interface LossOwner {
  /** The mark of the owner's last loss; 0 if there was no loss, or the owner was removed. */
  lostAt: LossMark;
}

interface Loss<L extends LossOwner> {
  readonly owner: L;
  readonly at: LossMark;
}

/**
 * The owners of lost entries, in the order of their last loss. A search in several steps misses no owner: an owner
 * that loses another entry during the search moves to the end.
 */
export class LossOrder<L extends LossOwner> {
  /**
   * All losses in order. Reads skip an item if the same owner has a later loss. The list removes such items once they
   * are the majority.
   */
  #losses: Loss<L>[] = [];
  #owners = 0;

  /** @param at not smaller than any earlier mark */
  add(owner: L, at: LossMark): void {
    if (owner.lostAt === 0) this.#owners += 1;
    if (owner.lostAt === at) return;
    owner.lostAt = at;
    this.#losses.push({ owner, at });
    if (this.#losses.length > 1024 && this.#losses.length > 2 * this.#owners)
      this.#losses = this.#losses.filter(isLast);
  }

  remove(owner: L): void {
    if (owner.lostAt > 0) this.#owners -= 1;
    owner.lostAt = 0;
  }

  /** The owners with a loss after this mark. The owner with the last loss is at the end. */
  *after(mark: LossMark): Generator<L, void> {
    for (let index = this.#indexAfter(mark); index < this.#losses.length; index += 1) {
      const loss = this.#losses[index];
      if (loss !== undefined && isLast(loss)) yield loss.owner;
    }
  }

  #indexAfter(mark: LossMark): number {
    return countLeading(this.#losses.length, (index) => (this.#losses[index]?.at ?? 0) <= mark);
  }
}

function isLast({ owner, at }: Loss<LossOwner>): boolean {
  return owner.lostAt === at;
}
