import { copyInSteps } from "../../base/turn-budget.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import { mayMatchBelow } from "../../hub/filters/filter-overlap.js";
import { filterSetOf } from "../../hub/filters/filter-set.js";
import type { Entry } from "../../hub/publications/entry.js";
import type { HistoryRange, LossMark } from "../../hub/publications/history.js";
import type { Offset } from "../../hub/publications/position.js";
import type { Publication } from "../../hub/publications/publication.js";
import { isBelow } from "../../hub/topics/topic.js";
import type { Topic } from "../../hub/topics/topic.js";
import { SnapshotItem } from "../snapshot-item.js";
import type { SavedItems, SnapshotPart } from "../snapshot-part.js";
import { PresenceLosses } from "./losses/presence-losses.js";
import { SavedTopics } from "./saved-topics.js";
import { RecentTopics, TopicHistory } from "./topic-history.js";
import { TopicLosses } from "./losses/topic-losses.js";
import type { MissingPublications, NewestLost } from "./losses/topic-losses.js";

/** The two kinds of publications. Readers without the right must learn nothing of private publications. */
type Kind = "open" | "private";

/**
 * The histories of all known topics, and what is known of forgotten topics. All topics below the topic of presence share
 * one history, under the name of that topic. All forgotten topics share two marks.
 */
export class TopicHistories implements SnapshotPart {
  readonly name = "topics";
  readonly #presenceTopic: Topic | undefined;
  readonly #byName = new Map<Topic, TopicHistory>();
  readonly #recent = new RecentTopics();
  readonly #forgotten = { open: { upTo: 0, at: 0 }, private: { upTo: 0, at: 0 } };

  /** @param presenceTopic undefined if each topic has a history of its own */
  constructor(presenceTopic?: Topic) {
    this.#presenceTopic = presenceTopic;
  }

  get size(): number {
    return this.#byName.size;
  }

  names(): Iterable<Topic> {
    return this.#byName.keys();
  }

  /** The history with this name. For a topic, use {@link of}. */
  named(name: Topic): TopicHistory | undefined {
    return this.#byName.get(name);
  }

  /** The history that holds the publications to a topic. */
  of(topic: Topic): TopicHistory | undefined {
    return this.#byName.get(this.nameOf(topic));
  }

  /** The name of the history that holds this topic. */
  nameOf(topic: Topic): Topic {
    return this.#presenceTopic !== undefined && isBelow(topic, this.#presenceTopic)
      ? this.#presenceTopic
      : topic;
  }

  /** The names of the histories that hold a publication, each once. */
  namesOf({ topics }: Publication): Iterable<Topic> {
    const isPresence = topics.some((topic) => this.nameOf(topic) !== topic);
    return isPresence ? new Set(topics.map((topic) => this.nameOf(topic))) : topics;
  }

  /** True if a history holds what the filter matches, and nothing else. */
  hasOwn(filter: TopicFilter): boolean {
    return filter.kind === "exact" && this.nameOf(filter.topic) !== this.#presenceTopic;
  }

  /**
   * True if the filters match a history's topic. For the history of presence: true if the filters may match a topic
   * below the topic of presence.
   */
  mayMatch({ filters }: HistoryRange, name: Topic): boolean {
    if (filterSetOf(filters).matches(name)) return true;
    return name === this.#presenceTopic && filters.some((filter) => mayMatchBelow(filter, name));
  }

  /**
   * The histories that exact filters name, each once. The result has only histories with a publication in the range or
   * later.
   */
  *exactly({ filters, after }: Pick<HistoryRange, "filters" | "after">): Generator<TopicHistory, void> {
    const names = new Set<Topic>();
    for (const filter of filters) if (filter.kind === "exact") names.add(this.nameOf(filter.topic));
    for (const name of names) {
      const history = this.#byName.get(name);
      if (history !== undefined && history.newest > after) yield history;
    }
  }

  push(name: Topic, entry: Entry): void {
    const history = this.#byName.get(name) ?? this.#add(name);
    history.push(entry);
    // The history of presence is never forgotten. Otherwise this history competes with many thousand topics.
    if (name !== this.#presenceTopic) this.#recent.touch(history);
  }

  /** The topic with the oldest last publication, which is forgotten next. */
  get oldest(): TopicHistory | undefined {
    return this.#recent.oldest;
  }

  forget(history: TopicHistory, at: LossMark): void {
    this.#remember("open", { upTo: history.newestOpen, at });
    this.#remember("private", { upTo: history.newestPrivate, at });
    this.#recent.remove(history);
    this.#byName.delete(history.topic);
  }

  /** The offsets up to which memory may have forgotten publications of a topic. */
  forgottenUpToOf(topic: Topic): NewestLost {
    return this.of(topic)?.forgottenUpTo ?? this.#forgottenUpTo;
  }

  /** The publications of a topic that memory does not have. */
  missingOf(topic: Topic): MissingPublications {
    const history = this.of(topic);
    if (history === undefined) return { evicted: undefined, forgottenUpTo: this.#forgottenUpTo };
    const { losses, forgottenUpTo: upTo, newestOpen, newestPrivate } = history;
    const forgottenUpTo = {
      open: newestIn(newestOpen, upTo.open),
      private: newestIn(newestPrivate, upTo.private),
    };
    return { evicted: losses, forgottenUpTo };
  }

  /** Notes losses of a topic up to these offsets, of which nothing else is known. */
  lose(topic: Topic, upTo: NewestLost, at: LossMark): void {
    this.#remember("open", { upTo: upTo.open, at });
    this.#remember("private", { upTo: upTo.private, at });
    const history = this.of(topic);
    if (history === undefined) return;
    const { open, private: hidden } = history.forgottenUpTo;
    history.forgottenUpTo = { open: Math.max(open, upTo.open), private: Math.max(hidden, upTo.private) };
  }

  /** Removes these entries from all histories, without a loss. */
  removeAll(entries: readonly Entry[]): void {
    const byName = new Map<Topic, Set<Entry>>();
    for (const entry of entries)
      for (const name of this.namesOf(entry.publication))
        byName.set(name, (byName.get(name) ?? new Set()).add(entry));
    for (const [name, those] of byName) this.#byName.get(name)?.removeAll(those);
  }

  /** The largest offset at which a forgotten topic may have had a publication. */
  get forgottenUpTo(): Offset {
    return Math.max(this.#forgotten.open.upTo, this.#forgotten.private.upTo);
  }

  /** The newest offset that may have been evicted from the topic of an exact filter. */
  evictedUpTo(filter: TopicFilter): Offset {
    const history = filter.kind === "exact" ? this.of(filter.topic) : undefined;
    if (history === undefined) return this.forgottenUpTo;
    return Math.max(history.evictedUpTo, history.forgottenUpTo.open, history.forgottenUpTo.private);
  }

  /** Marks publications to any topic as lost, up to this offset. Topics that become known later are concerned too. */
  loseAll(upTo: Offset, at: LossMark): void {
    this.#remember("open", { upTo, at });
    this.#remember("private", { upTo, at });
    for (const history of this.#byName.values()) history.forgottenUpTo = this.#forgottenUpTo;
  }

  /** True if the filters may match a forgotten topic with losses that the reader may learn of. */
  mayHaveForgotten(range: HistoryRange, lossMark: LossMark): boolean {
    return (
      this.#mayHaveForgotten(range, "open", lossMark) ||
      (range.rights.readsPrivate && this.#mayHaveForgotten(range, "private", lossMark))
    );
  }

  /**
   * A filter with a wildcard may always match a forgotten topic. An exact filter may match a forgotten topic only if the
   * filter's topic is unknown, or became known again later.
   */
  #mayHaveForgotten(range: HistoryRange, kind: Kind, lossMark: LossMark): boolean {
    const { upTo, at } = this.#forgotten[kind];
    if (at <= lossMark || range.after >= upTo) return false;
    return range.filters.some((filter) => {
      const history = filter.kind === "exact" ? this.of(filter.topic) : undefined;
      return (history?.forgottenUpTo[kind] ?? upTo) > range.after;
    });
  }

  /** The counts and newest offsets of all topics. The entries come from the log. */
  save(): SavedItems {
    return { inSteps: this.#copy() };
  }

  *#copy(): Generator<undefined, SavedTopics> {
    const saved = new SavedTopics(this.#byName.size);
    if (this.#shared !== undefined) saved.add(this.#shared);
    yield* copyInSteps(this.#recent.all(), (topic) => saved.add(topic));
    return saved;
  }

  load(item: unknown): void {
    const fields = new SnapshotItem(this.name, item);
    this.#load(fields.topic("topic"), fields);
  }

  #load(topic: Topic, fields: SnapshotItem): void {
    const history = this.#add(topic);
    history.published.open = fields.count("open");
    history.published.private = fields.count("private");
    history.newestOpen = fields.count("openAt");
    history.newestPrivate = fields.count("privateAt");
    history.newest = Math.max(history.newestOpen, history.newestPrivate);
    if (topic !== this.#presenceTopic) this.#recent.touch(history);
  }

  /** The history of presence. */
  get #shared(): TopicHistory | undefined {
    return this.#presenceTopic === undefined ? undefined : this.#byName.get(this.#presenceTopic);
  }

  get #forgottenUpTo(): NewestLost {
    return { open: this.#forgotten.open.upTo, private: this.#forgotten.private.upTo };
  }

  #add(name: Topic): TopicHistory {
    const losses = name === this.#presenceTopic ? new PresenceLosses(name) : new TopicLosses(name);
    const history = new TopicHistory(losses, this.#forgottenUpTo);
    this.#byName.set(name, history);
    return history;
  }

  #remember(kind: Kind, { upTo, at }: { readonly upTo: Offset; readonly at: LossMark }): void {
    if (upTo === 0) return;
    const mark = this.#forgotten[kind];
    mark.upTo = Math.max(mark.upTo, upTo);
    mark.at = at;
  }
}

/**
 * The newest offset at which a topic may have had forgotten publications. After a start, memory knows the newest one of
 * the topic. If it is later, or none is known, there may be others.
 */
function newestIn(newest: Offset, forgottenUpTo: Offset): Offset {
  return newest > 0 && newest <= forgottenUpTo ? newest : forgottenUpTo;
}
