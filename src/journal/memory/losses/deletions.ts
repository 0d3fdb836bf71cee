import { copyInSteps } from "../../../base/turn-budget.js";
import type { LossMark } from "../../../hub/publications/history.js";
import type { Offset } from "../../../hub/publications/position.js";
import type { Topic } from "../../../hub/topics/topic.js";
import type { DeletedPublication } from "../../deletion.js";
import { SnapshotItem } from "../../snapshot-item.js";
import type { SavedItems, SnapshotPart } from "../../snapshot-part.js";
import type { LossOrder } from "./loss-order.js";
import type { LosingTopic } from "./loss-search.js";
import { countLost, TopicLosses } from "./topic-losses.js";
import type { LossReader, MissingPublications, NewestLost } from "./topic-losses.js";

/** The memory for all deletions: those of 40,000 topics, or of 300,000 single publications to few topics. */
const mostBytes = 32 * 1024 * 1024;

/** What is forgotten at once if the memory is used up and there is no log: the oldest eighth. */
const forgottenBytes = mostBytes / 8;

/** Memory for the deletions of a topic, and for each publication that was deleted alone, without their texts, in bytes. */
const topicBytes = 800;
const publicationBytes = 100;

/** A deletion, and what memory knows of the deleted publications. */
export interface KnownDeletion {
  readonly topic: Topic;
  /** The only publication; undefined if all publications up to `upTo` are deleted. */
  readonly only: DeletedPublication | undefined;
  readonly upTo: Offset;
  /** The deleted publications that were in memory, or are known otherwise. */
  readonly found: readonly DeletedPublication[];
  /** The deleted publications that were not in memory; undefined if there are none. */
  readonly older: MissingPublications | undefined;
}

/** The deletions of one topic: which publications are deleted, and which readers learn that they have missed some. */
export class TopicDeletions implements LosingTopic {
  readonly isDeletion = true;
  readonly topic: Topic;
  lostAt: LossMark = 0;
  /** A log may have publications up to this offset, which are deleted; 0 if there are none. */
  upTo: Offset = 0;
  /** The publications after it that were deleted alone, while a log has them. */
  readonly ones = new Map<Offset, DeletedPublication["publication"]>();
  readonly #losses: TopicLosses;
  /** The number of deleted publications up to this offset is not known. */
  #uncountedUpTo: Offset = 0;

  constructor(topic: Topic) {
    this.topic = topic;
    this.#losses = new TopicLosses(topic);
  }

  /** The newest offsets of deleted publications. */
  get newest(): NewestLost {
    return this.#losses.newest;
  }

  has(offset: Offset): boolean {
    return offset <= this.upTo || this.ones.has(offset);
  }

  /** Notes that readers of this publication have missed it. */
  lose({ offset, publication }: DeletedPublication, at: LossMark): void {
    this.#losses.add({ offset, publication }, at);
  }

  /** Notes that readers have missed publications that were not in memory. */
  loseMissing({ evicted, forgottenUpTo }: MissingPublications, at: LossMark): void {
    evicted?.addTo(this.#losses, at);
    this.loseUncounted(forgottenUpTo, at);
  }

  /** Notes that readers have missed publications up to these offsets; 0 stands for none. */
  loseUncounted({ open, private: hidden }: NewestLost, at: LossMark): void {
    this.#uncountedUpTo = Math.max(this.#uncountedUpTo, open, hidden);
    if (open > 0) this.#losses.addOpen({ count: 1, upTo: open, at });
    if (hidden > 0) this.#losses.addMixed({ count: 1, upTo: hidden, at });
  }

  /** As {@link LosingTopic.missedAfter}. */
  missedAfter(after: Offset, reader: LossReader): number | undefined {
    const count = countLost(this.#losses, after, reader);
    return count > 0 && this.#uncountedUpTo > after ? undefined : count;
  }

  /** As {@link LosingTopic.mayHaveMissedAfter}. */
  mayHaveMissedAfter(after: Offset, reader: LossReader): boolean {
    return this.#losses.mayHaveMissed(after, reader);
  }
}

export interface DeletionsOptions {
  /** The oldest offset of the log; `Infinity` without a log. */
  readonly logStart: () => Offset;
  readonly order: Pick<LossOrder<TopicDeletions>, "add" | "remove">;
  readonly nextMark: () => LossMark;
}

/**
 * The deletions of all topics. Readers behind a deleted publication learn of it. While a log has deleted publications, its
 * readers must not get them: so the deletions are in snapshots, too.
 */
export class Deletions implements SnapshotPart {
  readonly name = "deleted";
  readonly #options: DeletionsOptions;
  /** The topic whose deletion is the oldest comes first. */
  readonly #byTopic = new Map<Topic, TopicDeletions>();
  #count = 0;
  #bytes = 0;
  #newest: Offset = 0;
  /** The start of the log at the last call of {@link forget}. */
  #forgottenBefore: Offset = 0;

  constructor(options: DeletionsOptions) {
    this.#options = options;
  }

  /** The number of {@link add} calls. A reader that has noted the number sees whether there were more since. */
  get count(): number {
    return this.#count;
  }

  /** The newest deleted offset. */
  get newest(): Offset {
    return this.#newest;
  }

  /** True if the memory for deletions is used up. */
  get isFull(): boolean {
    return this.#bytes >= mostBytes;
  }

  of(topic: Topic): TopicDeletions | undefined {
    return this.#byTopic.get(topic);
  }

  /** True if a log may have this publication of the topic, but no reader may get it. */
  has(topic: Topic, offset: Offset): boolean {
    return this.#byTopic.get(topic)?.has(offset) === true;
  }

  add({ topic, only, upTo, found, older }: KnownDeletion): void {
    const at = this.#options.nextMark();
    const deletions = this.#latest(topic);
    if (this.#options.logStart() <= upTo) this.#keep(deletions, { only, upTo });
    for (const each of found) deletions.lose(each, at);
    if (older !== undefined) deletions.loseMissing(older, at);
    this.#changed(deletions, at);
  }

  /**
   * Forgets deletions of what the log no longer has: all publications before this offset. Without a log, forgets the oldest
   * deletions above the limit of memory. Returns the topics that have no other deletions.
   */
  forget(): readonly TopicDeletions[] {
    const start = this.#options.logStart();
    const isLogged = start < Infinity;
    if (isLogged && start === this.#forgottenBefore) return [];
    this.#forgottenBefore = start;
    const forgotten: TopicDeletions[] = [];
    // Many at once: at each call, the map passes the places of all that were forgotten before.
    const keptBytes = this.isFull ? mostBytes - forgottenBytes : mostBytes;
    for (const deletions of this.#byTopic.values()) {
      if (!isLogged && this.#bytes <= keptBytes) break;
      if (isLogged) this.#dropBefore(deletions, start);
      if (deletions.upTo > 0 || deletions.ones.size > 0) continue;
      this.#byTopic.delete(deletions.topic);
      this.#options.order.remove(deletions);
      this.#bytes -= topicCost(deletions);
      forgotten.push(deletions);
    }
    return forgotten;
  }

  save(): SavedItems {
    return { inSteps: this.#copy() };
  }

  *#copy(): Generator<undefined, readonly object[]> {
    const items: object[] = [];
    yield* copyInSteps(this.#items(), (item) => items.push(item));
    return items;
  }

  *#items(): Generator<object, void> {
    for (const { topic, upTo, ones, newest } of this.#byTopic.values()) {
      if (upTo > 0) yield { topic, upTo, openAt: newest.open, privateAt: newest.private };
      for (const [offset, publication] of ones)
        yield { topic, offset, ...(publication.private ? { private: publication.topics } : {}) };
    }
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    const at = this.#options.nextMark();
    const deletions = this.#latest(fields.topic("topic"));
    if (fields.has("upTo")) {
      this.#keep(deletions, { only: undefined, upTo: fields.count("upTo") });
      deletions.loseUncounted({ open: fields.count("openAt"), private: fields.count("privateAt") }, at);
    } else {
      const isPrivate = fields.has("private");
      const topics = isPrivate ? fields.topics("private") : ([deletions.topic] as const);
      const only = { offset: fields.count("offset"), publication: { topics, private: isPrivate } };
      this.#keep(deletions, { only, upTo: only.offset });
      deletions.lose(only, at);
    }
    this.#changed(deletions, at);
  }

  /** The deletions of a topic, which become the newest. */
  #latest(topic: Topic): TopicDeletions {
    let deletions = this.#byTopic.get(topic);
    if (deletions === undefined) {
      deletions = new TopicDeletions(topic);
      this.#bytes += topicCost(deletions);
    } else this.#byTopic.delete(topic);
    this.#byTopic.set(topic, deletions);
    return deletions;
  }

  #keep(deletions: TopicDeletions, { only, upTo }: Pick<KnownDeletion, "only" | "upTo">): void {
    if (only === undefined) {
      deletions.upTo = Math.max(deletions.upTo, upTo);
      this.#dropOnes(deletions, deletions.upTo);
    } else if (!deletions.has(only.offset)) {
      deletions.ones.set(only.offset, only.publication);
      this.#bytes += costOf(only.publication);
    }
  }

  #changed(deletions: TopicDeletions, at: LossMark): void {
    this.#count += 1;
    const { open, private: hidden } = deletions.newest;
    this.#newest = Math.max(this.#newest, open, hidden);
    this.#options.order.add(deletions, at);
  }

  #dropBefore(deletions: TopicDeletions, start: Offset): void {
    if (deletions.upTo < start) deletions.upTo = 0;
    this.#dropOnes(deletions, start - 1);
  }

  #dropOnes({ ones }: TopicDeletions, upTo: Offset): void {
    for (const [offset, publication] of ones) {
      if (offset > upTo) continue;
      ones.delete(offset);
      this.#bytes -= costOf(publication);
    }
  }
}

function topicCost({ topic }: TopicDeletions): number {
  return topicBytes + 2 * topic.length;
}

function costOf({ topics, private: isPrivate }: DeletedPublication["publication"]): number {
  return publicationBytes + (isPrivate ? topics.reduce((sum, topic) => sum + 2 * topic.length, 0) : 0);
}
