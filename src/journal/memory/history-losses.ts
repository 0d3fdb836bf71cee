import { filterSetOf } from "../../hub/filters/filter-set.js";
import { StepBudget } from "../../hub/filters/step-budget.js";
import type { HistoryRange, LossMark, LossReport } from "../../hub/publications/history.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Topic } from "../../hub/topics/topic.js";
import { Deletions, TopicDeletions } from "./losses/deletions.js";
import type { KnownDeletion } from "./losses/deletions.js";
import { LossOrder } from "./losses/loss-order.js";
import { LossSearch } from "./losses/loss-search.js";
import type { TopicHistories } from "./topic-histories.js";
import type { TopicHistory } from "./topic-history.js";
import { WithdrawnTopics } from "./withdrawn-topics.js";

/** The cost of reading one topic, without matching, in the steps of a filter set. */
const lookSteps = 5;

/**
 * The losses of all topics: what memory has evicted and a log no longer has, and what was deleted. Readers learn of the
 * losses in their range.
 */
export class HistoryLosses {
  /** What was evicted as a whole: no log may show it either. */
  readonly withdrawn: WithdrawnTopics;
  readonly deletions: Deletions;
  readonly #topics: TopicHistories;
  readonly #logStart: () => Offset;
  readonly #order = new LossOrder<TopicHistory | TopicDeletions>();
  /** The oldest offset of the log, as {@link noteLogStart} last noticed it. */
  #loggedFrom: Offset = Infinity;
  /** The mark at which something was last gone from the log. */
  #removedAt: LossMark = 0;
  /** No entry after this offset was ever evicted or forgotten. */
  #lostUpTo: Offset = 0;
  /** The number of losses so far. */
  #present: LossMark = 0;

  constructor(topics: TopicHistories, logStart: () => Offset) {
    this.#topics = topics;
    this.#logStart = logStart;
    this.withdrawn = new WithdrawnTopics((topic) => topics.nameOf(topic));
    this.deletions = new Deletions({ logStart, order: this.#order, nextMark: () => this.nextMark() });
  }

  /** A new mark, for a loss. */
  nextMark(): LossMark {
    this.#present += 1;
    return this.#present;
  }

  /** Notes that a history loses its oldest entry. Returns the mark of the loss. */
  evict(history: TopicHistory): LossMark {
    this.#lostUpTo = Math.max(this.#lostUpTo, history.entries.first?.offset ?? 0);
    const at = this.nextMark();
    this.#order.add(history, at);
    return at;
  }

  /** Forgets a topic without entries. All forgotten topics share their marks. */
  forget(history: TopicHistory): void {
    this.#lostUpTo = Math.max(this.#lostUpTo, history.newest);
    this.#topics.forget(history, this.nextMark());
    this.#order.remove(history);
  }

  /** Marks all publications up to this offset as evicted, from every topic. */
  loseAll(upTo: Offset): void {
    this.#lostUpTo = upTo;
    this.#topics.loseAll(upTo, this.nextMark());
  }

  /** Hides all publications of a topic up to this offset, also in the log. Readers learn of it as of an eviction. */
  withdraw(topic: Topic, upTo: Offset): void {
    this.withdrawn.add(topic, upTo);
    if (upTo >= this.#logStart()) this.#removedAt = this.nextMark();
  }

  /** Hides deleted publications, also in the log. Readers learn that they were deleted. */
  delete(deletion: KnownDeletion): void {
    this.deletions.add(deletion);
    this.#forgetDeletions();
  }

  /** True if no reader may get this publication to a topic from a log. */
  isHidden(topic: Topic, offset: Offset): boolean {
    return this.withdrawn.has(topic, offset) || this.deletions.has(topic, offset);
  }

  /**
   * True if the log may have publications of the topic that are neither in memory nor deleted.
   *
   * @param mayBeForgotten true if memory may have forgotten topics
   */
  mayHaveOlder(topic: Topic, mayBeForgotten: boolean): boolean {
    const history = this.#topics.of(topic);
    if (history === undefined && !mayBeForgotten) return false;
    const evictedUpTo = this.#topics.evictedUpTo({ kind: "exact", text: topic, topic });
    const upTo = Math.min(evictedUpTo, history?.newest ?? Infinity);
    return upTo >= this.#logStart() && upTo > (this.deletions.of(topic)?.upTo ?? 0);
  }

  /**
   * Notices that the log has removed entries. For those that memory does not have, this is the moment of their loss.
   * Returns false if the log has removed nothing since the last call.
   */
  noteLogStart(): boolean {
    const start = this.#logStart();
    if (start === this.#loggedFrom) return false;
    this.#loggedFrom = start;
    this.#removedAt = this.nextMark();
    this.#forgetDeletions();
    return true;
  }

  /**
   * As {@link History.losses}.
   *
   * @param missingUpTo the last offset that the log does not have
   */
  find(range: HistoryRange, lossMark: LossMark, missingUpTo: Offset): LossReport {
    const present = this.#present;
    if (range.after >= Math.max(this.#lostUpTo, this.deletions.newest) || lossMark >= present)
      return { topics: [], more: false, asOf: lossMark, isComplete: true };
    // What has gone from the log since this mark may have left memory before the mark.
    const since = this.#removedAt > lossMark ? 0 : lossMark;
    const search = new LossSearch(range, { evictions: since, deletions: lossMark }, (topic) =>
      this.#topics.forgottenUpToOf(topic),
    );
    const isComplete = this.#search(search, missingUpTo);
    const { topics, more, reason } = search.found;
    const mayBeForgotten =
      this.#topics.mayHaveForgotten(range, since) && this.#isMissingFrom(range, missingUpTo);
    const found = {
      topics,
      more: more || mayBeForgotten,
      ...(reason === "deleted" && !mayBeForgotten ? { reason } : {}),
    };
    if (isComplete) return { ...found, asOf: present, isComplete };
    // The search began before the mark of the reader, so the reader's next search would begin there again.
    if (since < lossMark) return { topics, more: true, asOf: present, isComplete: true };
    return { ...found, asOf: search.asOf, isComplete };
  }

  /**
   * The newest offset that memory has evicted from topics of these filters, or a later offset: memory has all that comes
   * after the result. At most `range.after` if memory has evicted nothing of the range.
   */
  evictedUpTo(range: HistoryRange): Offset {
    if (range.after >= this.#lostUpTo) return range.after;
    if (range.filters.every(({ kind }) => kind === "exact"))
      return Math.max(...range.filters.map((filter) => this.#topics.evictedUpTo(filter)));
    let upTo = Math.max(range.after, this.#topics.forgottenUpTo);
    const budget = new StepBudget(filterSetOf(range.filters));
    for (const history of this.#order.after(0)) {
      if (budget.isUsedUp()) return this.#lostUpTo;
      budget.spend(lookSteps);
      if (history instanceof TopicDeletions) continue;
      if (history.evictedUpTo > upTo && this.#topics.mayMatch(range, history.topic))
        upTo = history.evictedUpTo;
    }
    return upTo;
  }

  /** False if the search needs more than a few milliseconds. */
  #search(search: LossSearch, missingUpTo: Offset): boolean {
    const { range } = search;
    const mayHaveLost = (topic: TopicHistory | TopicDeletions): boolean =>
      topic instanceof TopicDeletions || this.#mayHaveLost(topic, range.after, missingUpTo);
    if (!range.filters.every(({ kind }) => kind === "exact"))
      return search.lookAtAll(
        this.#order.after(search.asOf),
        (each) => mayHaveLost(each) && this.#topics.mayMatch(range, each.topic),
      );
    for (const history of this.#topics.exactly(range)) if (mayHaveLost(history)) search.look(history);
    for (const filter of range.filters) {
      const deletions = filter.kind === "exact" ? this.deletions.of(filter.topic) : undefined;
      if (deletions !== undefined) search.look(deletions);
    }
    return true;
  }

  /** False if memory or the log has all entries of a history after this offset. */
  #mayHaveLost(history: TopicHistory, after: Offset, missingUpTo: Offset): boolean {
    return history.evictedUpTo > after && Math.max(missingUpTo, this.withdrawn.upTo(history.topic)) > after;
  }

  /** False if the log has all entries of forgotten topics after this offset. */
  #isMissingFrom(range: HistoryRange, missingUpTo: Offset): boolean {
    if (range.after < missingUpTo) return true;
    return this.withdrawn.after(range.after).some((name) => this.#topics.mayMatch(range, name));
  }

  /** Readers of topics whose deletions are forgotten learn only that something may be lost. */
  #forgetDeletions(): void {
    for (const { topic, newest } of this.deletions.forget())
      this.#topics.lose(topic, newest, this.nextMark());
  }
}
