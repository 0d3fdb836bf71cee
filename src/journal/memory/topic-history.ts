import type { Entry } from "../../hub/publications/entry.js";
import type { LossMark } from "../../hub/publications/history.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Topic } from "../../hub/topics/topic.js";
import { EntryQueue } from "../../hub/publications/entry-queue.js";
import type { LosingTopic } from "./losses/loss-search.js";
import { countLost } from "./losses/topic-losses.js";
import type { LossReader, LossRecord, NewestLost } from "./losses/topic-losses.js";

/** The numbers of public and of private publications. */
export interface CountsByKind {
  open: number;
  private: number;
}

/** The history of one topic, and the record of its losses. */
export class TopicHistory implements LosingTopic {
  readonly isDeletion = false;
  readonly topic: Topic;
  /** The journal may have forgotten publications up to these offsets, before the topic became known (again). */
  forgottenUpTo: NewestLost;
  readonly entries = new EntryQueue();
  bytes = 0;
  /** The newest offset published to the topic, evicted or not. */
  newest: Offset = 0;
  /** The newest offset of a private publication; 0 if there was no private publication. */
  newestPrivate: Offset = 0;
  /** The newest offset of a public publication; 0 if there was no public publication. */
  newestOpen: Offset = 0;
  /** The number of public and of private publications so far. */
  readonly published: CountsByKind = { open: 0, private: 0 };
  /** The number of these publications that are still stored. */
  readonly stored: CountsByKind = { open: 0, private: 0 };
  lostAt: LossMark = 0;
  /** The newest offset that was evicted; 0 if there was none. */
  evictedUpTo: Offset = 0;
  /** The neighbours in order of the last publication. {@link RecentTopics} sets these fields. */
  newer: TopicHistory | undefined;
  older: TopicHistory | undefined;
  /** The evicted publications, apart from those before `forgottenUpTo`. */
  readonly losses: LossRecord;
  /** Entries were removed between others, up to this offset. */
  #holesUpTo: Offset = 0;

  constructor(losses: LossRecord, forgottenUpTo: NewestLost) {
    this.topic = losses.topic;
    this.forgottenUpTo = forgottenUpTo;
    this.losses = losses;
  }

  push(entry: Entry): void {
    const { offset } = entry;
    this.newest = offset;
    const kind = kindOf(entry);
    if (kind === "private") this.newestPrivate = offset;
    else this.newestOpen = offset;
    this.published[kind] += 1;
    this.stored[kind] += 1;
    if (entry.publication.topics[0] === this.topic) entry.ordinal = this.published[kind];
    this.entries.push(entry);
    this.bytes += entry.bytes;
    entry.holders += 1;
  }

  /** Removes the oldest entry and records the loss. Returns the entry if no other topic holds the entry. */
  evict(at: LossMark): Entry | undefined {
    const entry = this.entries.shift();
    if (entry === undefined) return undefined;
    this.bytes -= entry.bytes;
    this.stored[kindOf(entry)] -= 1;
    entry.holders -= 1;
    this.evictedUpTo = entry.offset;
    this.losses.add(entry, at);
    return entry.holders === 0 ? entry : undefined;
  }

  /** Removes the entries with these offsets, without a loss. The result is in order. */
  remove({ from, upTo }: { readonly from: Offset; readonly upTo: Offset }): readonly Entry[] {
    const found: Entry[] = [];
    for (let index = this.entries.indexAfter(from - 1); index < this.entries.length; index += 1) {
      const entry = this.entries.at(index);
      if (entry === undefined || entry.offset > upTo) break;
      found.push(entry);
    }
    this.removeAll(new Set(found));
    return found;
  }

  /** Removes those of these entries that it holds, without a loss. */
  removeAll(entries: ReadonlySet<Entry>): void {
    let left = 0;
    for (const { offset } of entries) if (this.holds(offset)) left += 1;
    const removes = (entry: Entry): boolean => {
      if (!entries.has(entry)) return false;
      left -= 1;
      this.bytes -= entry.bytes;
      this.stored[kindOf(entry)] -= 1;
      entry.holders -= 1;
      return true;
    };
    let first = 0;
    for (
      let entry = this.entries.at(0);
      entry !== undefined && removes(entry);
      entry = this.entries.at(first)
    )
      first += 1;
    this.entries.drop(first);
    if (left === 0) return;
    for (const { offset } of entries) this.#holesUpTo = Math.max(this.#holesUpTo, offset);
    this.entries.retainOnly((entry) => !removes(entry));
  }

  /** True if the entry with this offset, which was published to the topic, is still stored. */
  holds(offset: Offset): boolean {
    const { first } = this.entries;
    if (first === undefined || first.offset > offset) return false;
    return (
      offset > this.#holesUpTo || this.entries.at(this.entries.indexAfter(offset - 1))?.offset === offset
    );
  }

  /** Counts the publications anew, and numbers them from 1. */
  beginAnew(): void {
    for (const counts of [this.published, this.stored]) Object.assign(counts, { open: 0, private: 0 });
  }

  /** As {@link LosingTopic.missedAfter}. */
  missedAfter(after: Offset, reader: LossReader): number {
    return countLost(this.losses, after, reader);
  }

  /** As {@link LosingTopic.mayHaveMissedAfter}. */
  mayHaveMissedAfter(after: Offset, reader: LossReader): boolean {
    return this.losses.mayHaveMissed(after, reader);
  }
}

function kindOf({ publication }: Entry): keyof CountsByKind {
  return publication.private ? "private" : "open";
}

/** Topics in order of their last publication. The journal forgets the oldest topic next. */
export class RecentTopics {
  #newest: TopicHistory | undefined;
  #oldest: TopicHistory | undefined;

  get oldest(): TopicHistory | undefined {
    return this.#oldest;
  }

  /** All topics, the oldest first. */
  *all(): Generator<TopicHistory, void> {
    for (let topic = this.#oldest; topic !== undefined; topic = topic.newer) yield topic;
  }

  /** Makes the topic the newest. */
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
}
