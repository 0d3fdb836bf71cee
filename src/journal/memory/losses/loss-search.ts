import { filterSetOf } from "../../../hub/filters/filter-set.js";
import { StepBudget } from "../../../hub/filters/step-budget.js";
import type { LossMark, Losses, LossReport, HistoryRange } from "../../../hub/publications/history.js";
import { maxNamedTopics } from "../../../hub/publications/history.js";
import type { Offset } from "../../../hub/publications/position.js";
import type { Topic } from "../../../hub/topics/topic.js";
import type { LossOwner } from "./loss-order.js";
import type { LossReader, NewestLost } from "./topic-losses.js";

/** The cost of reading one topic, without matching, in the steps of a filter set. */
const lookSteps = 5;
/** The cost of counting a topic's losses, in steps. */
const countSteps = 50;

/** A topic with losses. */
export interface LosingTopic extends LossOwner {
  readonly topic: Topic;
  /** True if the losses are deletions. */
  readonly isDeletion: boolean;
  /**
   * An upper limit on the number of publications after this offset that the reader has missed since its mark.
   * Publications that the reader may not know of do not count. The number is not exact, because only totals are
   * known. The number is 0 only if there are no such publications. Undefined if there are some, and nobody knows how
   * many. Publications that the topic had before memory forgot it do not count.
   */
  missedAfter(after: Offset, reader: LossReader): number | undefined;
  /** True if this reader may have missed more publications of the topic, but may not learn the topic's name. */
  mayHaveMissedAfter(after: Offset, reader: LossReader): boolean;
}

/** The marks up to which a reader knows of losses. */
export interface KnownLosses {
  readonly evictions: LossMark;
  readonly deletions: LossMark;
}

/** Collects the losses of one reader, topic by topic. */
export class LossSearch {
  readonly range: HistoryRange;
  /** The search has covered all losses up to this mark. */
  asOf: LossMark;
  readonly #known: KnownLosses;
  readonly #forgottenUpTo: (topic: Topic) => NewestLost;
  readonly #missed = new Map<Topic, number | undefined>();
  #more = false;
  #hasEvictions = false;
  #hasDeletions = false;

  /** @param forgottenUpTo the offsets up to which memory may have forgotten publications of a topic */
  constructor(range: HistoryRange, known: KnownLosses, forgottenUpTo: (topic: Topic) => NewestLost) {
    this.#forgottenUpTo = forgottenUpTo;
    this.range = range;
    this.asOf = known.evictions;
    this.#known = known;
  }

  get found(): Losses & Pick<LossReport, "reason"> {
    const topics = [...this.#missed].map(([topic, missedAtMost]) =>
      missedAtMost === undefined ? { topic } : { topic, missedAtMost },
    );
    const reason = this.#hasDeletions && !this.#hasEvictions ? "deleted" : "evicted";
    return { topics, more: this.#more, reason };
  }

  /**
   * Adds the losses of these topics, which are in the order of their last loss, as long as the search takes a few
   * milliseconds.
   *
   * @param mayHaveLost false for a topic without losses in the range, or that the filters do not match
   * @returns false if the search did not reach the last topic
   */
  lookAtAll<T extends LosingTopic>(topics: Iterable<T>, mayHaveLost: (topic: T) => boolean): boolean {
    const budget = new StepBudget(filterSetOf(this.range.filters));
    for (const topic of topics) {
      if (this.#isFull) return true;
      // Several topics may have a loss with the same mark.
      if (budget.isUsedUp() && topic.lostAt > this.asOf) return false;
      budget.spend(lookSteps);
      this.asOf = topic.lostAt;
      if (!mayHaveLost(topic)) continue;
      budget.spend(countSteps);
      this.look(topic);
    }
    return true;
  }

  /** Adds the losses of a topic that the reader's filters match, or may match. */
  look(losing: LosingTopic): void {
    const { after, rights } = this.range;
    const { isDeletion, topic } = losing;
    const reader = { rights, lossMark: isDeletion ? this.#known.deletions : this.#known.evictions };
    const mayBeMore = losing.mayHaveMissedAfter(after, reader);
    const missedAtMost = losing.missedAfter(after, reader);
    if (!mayBeMore && missedAtMost === 0) return;
    if (isDeletion) this.#hasDeletions = true;
    else this.#hasEvictions = true;
    if (mayBeMore) this.#more = true;
    if (missedAtMost !== 0) this.#add(topic, this.#mayBeForgotten(topic) ? undefined : missedAtMost);
  }

  /** True if the reader may have missed publications of the topic that memory has forgotten. */
  #mayBeForgotten(topic: Topic): boolean {
    const { after, rights } = this.range;
    const forgotten = this.#forgottenUpTo(topic);
    return forgotten.open > after || (rights.readsPrivate && forgotten.private > after);
  }

  /** True if further losses cannot change the result: the list of names is full, and there are more losses. */
  get #isFull(): boolean {
    return this.#more && this.#hasEvictions && this.#missed.size === maxNamedTopics;
  }

  /** A topic may have evicted publications, and deleted ones. */
  #add(topic: Topic, missedAtMost: number | undefined): void {
    if (this.#missed.size === maxNamedTopics && !this.#missed.has(topic)) {
      this.#more = true;
      return;
    }
    const before = this.#missed.has(topic) ? this.#missed.get(topic) : 0;
    const isCounted = before !== undefined && missedAtMost !== undefined;
    this.#missed.set(topic, isCounted ? before + missedAtMost : undefined);
  }
}
