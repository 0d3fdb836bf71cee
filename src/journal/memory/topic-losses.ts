import type { Entry } from "../../hub/publications/entry.js";
import type { LossMark } from "../../hub/publications/history.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Rights } from "../../hub/publications/rights.js";
import type { Topic } from "../../hub/topics/topic.js";

/** How much of a kind of publication a topic has lost. */
export interface Evictions {
  count: number;
  upTo: Offset;
  at: LossMark;
}

/** Who asks: with these rights, and told of everything up to a moment of losses. */
export interface LossReader {
  readonly rights: Rights;
  readonly told: LossMark;
}

/** What a history has lost, and who may hear of it. */
export interface LossRecord {
  readonly topic: Topic;
  add(entry: Entry, at: LossMark): void;
  /** What this reader may hear of: of entries after an offset, since it was told. */
  after(offset: Offset, reader: LossReader): readonly Evictions[];
  /** True when this reader may have lost more, of which it may not hear by the topic's name. */
  mayHaveMissed(offset: Offset, reader: LossReader): boolean;
}

/** Private publications may be read for any of their topics, so each set of topics counts by itself: up to so many. */
const maxTopicSets = 64;

/** What one topic has lost, kept apart by who may hear of it. */
export class TopicLosses implements LossRecord {
  readonly topic: Topic;
  #open: Evictions | undefined;
  /** By the publications' topics, the set that lost last at the end. */
  #private: Map<string, Evictions & { readonly topics: readonly Topic[] }> | undefined;
  /** What sets of topics lost that are not kept apart any more. All have this topic. */
  #mixed: Evictions | undefined;

  constructor(topic: Topic) {
    this.topic = topic;
  }

  add({ publication, offset }: Entry, at: LossMark): void {
    const loss = { count: 1, upTo: offset, at };
    if (publication.private) this.#addPrivate(publication.topics, loss);
    else this.#open = joinLosses(this.#open, loss);
  }

  after(offset: Offset, { rights, told }: LossReader): readonly Evictions[] {
    const kinds = this.#open === undefined ? [] : [this.#open];
    if (rights.readsPrivate) {
      if (this.#mixed !== undefined && rights.mayReadTopic(this.topic)) kinds.push(this.#mixed);
      for (const kind of this.#private?.values() ?? [])
        if (kind.topics.some((topic) => rights.mayReadTopic(topic))) kinds.push(kind);
    }
    return kinds.filter((kind) => kind.upTo > offset && kind.at > told);
  }

  /**
   * True when something private is lost of which it is not known any more whether this reader might have read it. It may
   * be told that, but not the topic's name.
   */
  mayHaveMissed(offset: Offset, { rights, told }: LossReader): boolean {
    if (this.#mixed === undefined || !rights.readsPrivate || rights.mayReadTopic(this.topic)) return false;
    return this.#mixed.upTo > offset && this.#mixed.at > told;
  }

  #addPrivate(topics: readonly Topic[], loss: Evictions): void {
    this.#private ??= new Map();
    // Topics hold no line feeds.
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

/** Both together. */
export function joinLosses(a: Evictions | undefined, b: Evictions): Evictions {
  if (a === undefined) return b;
  return { count: a.count + b.count, upTo: Math.max(a.upTo, b.upTo), at: Math.max(a.at, b.at) };
}
