import type { LossMark } from "../../../hub/publications/history.js";
import type { Offset } from "../../../hub/publications/position.js";
import type { Publication } from "../../../hub/publications/publication.js";
import type { Rights } from "../../../hub/publications/rights.js";
import type { Topic } from "../../../hub/topics/topic.js";

/** The newest offsets of lost publications, public and private; 0 if there are none. */
export interface NewestLost {
  readonly open: Offset;
  readonly private: Offset;
}

/** Publications of a topic that memory does not have; a log may have them. */
export interface MissingPublications {
  readonly evicted: LossRecord | undefined;
  /** There may be more up to these offsets, of which nothing is known. */
  readonly forgottenUpTo: NewestLost;
}

/** The losses of one kind of publication in a topic. */
export interface Evictions {
  count: number;
  upTo: Offset;
  at: LossMark;
}

/** The reader of a search for losses: the reader's rights, and the mark up to which the reader knows of losses. */
export interface LossReader {
  readonly rights: Rights;
  readonly lossMark: LossMark;
}

/** What a record of losses has to know of a publication. */
export interface LostEntry {
  readonly offset: Offset;
  readonly publication: Pick<Publication, "topics" | "private">;
}

/** Records the losses of a history, and which readers may learn of each loss. */
export interface LossRecord {
  readonly topic: Topic;
  add(entry: LostEntry, at: LossMark): void;
  /** The losses after an offset that this reader may learn of and does not know yet. */
  after(offset: Offset, reader: LossReader): readonly Evictions[];
  /** True if this reader may have missed more publications, but may not learn the topic's name. */
  mayHaveMissed(offset: Offset, reader: LossReader): boolean;
  /** Adds all losses to another record, as of this mark. */
  addTo(other: TopicLosses, at: LossMark): void;
}

/**
 * The largest number of topic sets with separate records. A right to any topic of a private publication is enough to
 * read the publication. So losses are counted separately for each set of topics.
 */
const maxTopicSets = 64;

/** The losses of one topic, with separate records for readers with different rights. */
export class TopicLosses implements LossRecord {
  readonly topic: Topic;
  #open: Evictions | undefined;
  /** The losses of private publications, by the topics of the publications. The set with the newest loss is last. */
  #private: Map<string, Evictions & { readonly topics: readonly Topic[] }> | undefined;
  /** The losses of topic sets whose separate records were removed. All of these sets contain this topic. */
  #mixed: Evictions | undefined;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  add({ publication, offset }: LostEntry, at: LossMark): void {
    const loss = { count: 1, upTo: offset, at };
    if (publication.private) this.addPrivate(publication.topics, loss);
    else this.addOpen(loss);
  }

  after(offset: Offset, { rights, lossMark }: LossReader): readonly Evictions[] {
    const kinds = this.#open === undefined ? [] : [this.#open];
    if (rights.readsPrivate) {
      if (this.#mixed !== undefined && rights.mayReadTopic(this.topic)) kinds.push(this.#mixed);
      for (const kind of this.#private?.values() ?? [])
        if (kind.topics.some((topic) => rights.mayReadTopic(topic))) kinds.push(kind);
    }
    return kinds.filter((kind) => kind.upTo > offset && kind.at > lossMark);
  }

  /**
   * True if private publications are lost that this reader may have been allowed to read. The record no longer has
   * their topics. The reader may learn of the loss, but not of the topic's name.
   */
  mayHaveMissed(offset: Offset, { rights, lossMark }: LossReader): boolean {
    if (this.#mixed === undefined || !rights.readsPrivate || rights.mayReadTopic(this.topic)) return false;
    return this.#mixed.upTo > offset && this.#mixed.at > lossMark;
  }

  /** The newest offsets of all losses. */
  get newest(): NewestLost {
    const hidden = [this.#mixed, ...(this.#private?.values() ?? [])].map((loss) => loss?.upTo ?? 0);
    return { open: this.#open?.upTo ?? 0, private: Math.max(...hidden) };
  }

  addTo(other: TopicLosses, at: LossMark): void {
    if (this.#open !== undefined) other.addOpen({ ...this.#open, at });
    if (this.#mixed !== undefined) other.addMixed({ ...this.#mixed, at });
    for (const { topics, count, upTo } of this.#private?.values() ?? [])
      other.addPrivate(topics, { count, upTo, at });
  }

  addOpen(loss: Evictions): void {
    this.#open = joinLosses(this.#open, loss);
  }

  /** Adds losses of private publications to this topic, whose other topics nobody knows. */
  addMixed(loss: Evictions): void {
    this.#mixed = joinLosses(this.#mixed, loss);
  }

  /** Adds losses of private publications to these topics. */
  addPrivate(topics: readonly Topic[], loss: Evictions): void {
    this.#private ??= new Map();
    // A topic contains no line feed, so the key is unique.
    const key = topics.join("\n");
    const kind = { ...joinLosses(this.#private.get(key), loss), topics };
    this.#private.delete(key);
    this.#private.set(key, kind);
    if (this.#private.size <= maxTopicSets) return;
    for (const [oldest, evictions] of this.#private) {
      this.#private.delete(oldest);
      this.#mixed = joinLosses(this.#mixed, evictions);
      return;
    }
  }
}

/** The sum of two records. */
export function joinLosses(a: Evictions | undefined, b: Evictions): Evictions {
  if (a === undefined) return b;
  return { count: a.count + b.count, upTo: Math.max(a.upTo, b.upTo), at: Math.max(a.at, b.at) };
}

/** An upper limit on the number of losses after an offset that this reader may learn of; 0 only if there are none. */
export function countLost(losses: LossRecord, after: Offset, reader: LossReader): number {
  const lost = losses.after(after, reader);
  const upTo = Math.max(after, ...lost.map((kind) => kind.upTo));
  const count = lost.reduce((sum, kind) => sum + kind.count, 0);
  return Math.min(count, upTo - after);
}
