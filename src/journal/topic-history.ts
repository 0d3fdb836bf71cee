import type { Entry } from "../hub/entry.js";
import type { LossMark } from "../hub/history.js";
import type { Offset } from "../hub/position.js";
import type { Topic } from "../hub/topic.js";
import { EntryQueue } from "./entry-queue.js";

/** How much of a kind of publication a topic has lost. */
interface Evictions {
  count: number;
  upTo: Offset;
  at: LossMark;
}

/** The past of one topic, and how far back it no longer reaches. */
export class TopicHistory {
  readonly topic: Topic;
  /** What was published here up to this offset, before the topic came (again), may be forgotten. */
  readonly forgottenUpTo: Offset;
  readonly entries = new EntryQueue();
  bytes = 0;
  /** The newest offset ever published here, evicted or not. */
  newest: Offset = 0;
  /** Neighbours in order of the last publication; kept by {@link RecentTopics}. */
  newer: TopicHistory | undefined;
  older: TopicHistory | undefined;
  readonly #evicted: Evictions = { count: 0, upTo: 0, at: 0 };
  readonly #evictedPrivate: Evictions = { count: 0, upTo: 0, at: 0 };

  constructor(topic: Topic, forgottenUpTo: Offset) {
    this.topic = topic;
    this.forgottenUpTo = forgottenUpTo;
  }

  push(entry: Entry): void {
    this.entries.push(entry);
    this.bytes += entry.bytes;
    this.newest = entry.offset;
    entry.holders += 1;
  }

  /** Removes the oldest entry, at this moment of losses; returns it when no other topic holds it either. */
  evict(at: LossMark): Entry | undefined {
    const entry = this.entries.shift();
    if (entry === undefined) return undefined;
    this.bytes -= entry.bytes;
    entry.holders -= 1;
    const evicted = entry.publication.private ? this.#evictedPrivate : this.#evicted;
    evicted.count += 1;
    evicted.upTo = entry.offset;
    evicted.at = at;
    return entry.holders === 0 ? entry : undefined;
  }

  /**
   * How many publications a reader after this offset has lost here since it was told; an upper bound, since only the
   * total is known, but 0 only when there is none.
   */
  missedAfter(after: Offset, options: { readonly readsPrivate: boolean; readonly told: LossMark }): number {
    const kinds = options.readsPrivate ? [this.#evicted, this.#evictedPrivate] : [this.#evicted];
    const lost = kinds.filter((kind) => kind.upTo > after && kind.at > options.told);
    const upTo = Math.max(after, ...lost.map((kind) => kind.upTo));
    // What was lost before the topic was forgotten was counted by nobody who remembers.
    const uncounted = this.forgottenUpTo > after && lost.length > 0 ? Number.POSITIVE_INFINITY : 0;
    const count = lost.reduce((sum, kind) => sum + kind.count, uncounted);
    return Math.min(count, upTo - after);
  }
}

/** Topics in order of their last publication: the one to forget is last, and readers see only those that changed. */
export class RecentTopics {
  #newest: TopicHistory | undefined;
  #oldest: TopicHistory | undefined;

  get oldest(): TopicHistory | undefined {
    return this.#oldest;
  }

  /** Puts the topic first. */
  touch(topic: TopicHistory): void {
    if (this.#newest === topic) return;
    this.remove(topic);
    topic.older = this.#newest;
    if (this.#newest !== undefined) this.#newest.newer = topic;
    this.#newest = topic;
    this.#oldest ??= topic;
  }

  remove(topic: TopicHistory): void {
    if (topic.newer !== undefined) topic.newer.older = topic.older;
    else if (this.#newest === topic) this.#newest = topic.older;
    if (topic.older !== undefined) topic.older.newer = topic.newer;
    else if (this.#oldest === topic) this.#oldest = topic.newer;
    topic.newer = undefined;
    topic.older = undefined;
  }

  /** The topics that were published to after this offset, newest first. */
  *changedAfter(offset: Offset): Generator<TopicHistory, void> {
    for (let topic = this.#newest; topic !== undefined && topic.newest > offset; topic = topic.older)
      yield topic;
  }
}
