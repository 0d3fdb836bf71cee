import type { Clock } from "../../base/clock.js";
import { Entry } from "../../hub/publications/entry.js";
import { EntryQueue } from "../../hub/publications/entry-queue.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import { mayMatchBelow } from "../../hub/filters/filter-overlap.js";
import { filterSetOf } from "../../hub/filters/filter-set.js";
import { StepBudget } from "../../hub/filters/step-budget.js";
import type { FilterSet } from "../../hub/filters/filter-set.js";
import type { Cursor, LossMark, LossReport, HistoryRange } from "../../hub/publications/history.js";
import { plainPositions } from "../../hub/publications/position.js";
import type { Offset, PositionFormat } from "../../hub/publications/position.js";
import type { Publication } from "../../hub/publications/publication.js";
import { mayRead, publicOnly } from "../../hub/publications/rights.js";
import type { Rights } from "../../hub/publications/rights.js";
import { isBelow } from "../../hub/topics/topic.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { Metrics } from "../../base/metrics.js";
import type { EpochChain } from "../epoch-chain.js";
import type { JournalFollower, StoredHistory } from "../journal.js";
import type { NewestRange, TopicCounts } from "../topic-history-reader.js";
import { defaultHistoryLimits } from "../../limits/history.js";
import type { HistoryLimits } from "../../limits/history.js";
import { EventIds } from "./event-ids.js";
import { LossOrder } from "./loss-order.js";
import { LossSearch } from "./loss-search.js";
import { mergeEntries } from "./merge.js";
import { PresenceLosses } from "./presence-losses.js";
import { TopicLosses } from "./topic-losses.js";
import { RecentTopics, TopicHistory } from "./topic-history.js";
import type { CountsByKind, ForgottenUpTo } from "./topic-history.js";

/** The cost of reading one entry or topic, without matching, in the steps of a filter set. */
const lookSteps = 5;
/** The cost of counting a topic's losses, in steps. */
const countSteps = 50;

export interface MemoryHistoryOptions {
  /** The journal begins its epochs. */
  readonly epochs: EpochChain;
  /** As {@link History.run}. @default the newest epoch, which does not outlive the run of a hub without a log */
  readonly run?: string | undefined;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly limits?: HistoryLimits;
  /** Writes positions as event ids. @default as plain text */
  readonly positions?: PositionFormat;
  /**
   * The topic of presence. All topics below this topic share one history, under the name of this topic. Each
   * connection has such a topic, with one or two publications. If each of these topics had its own history, the
   * journal would forget all other topics. All publications to topics of presence are private. @default none
   */
  readonly presenceTopic?: Topic;
}

/** A publication with its place in the log: what a journal knows when the publication is stored. */
export type Stored = Pick<Entry, "offset" | "atMs" | "publication">;

/**
 * The history in memory, which a journal fills. Each topic has a limited history of its own, so that a busy topic does
 * not evict the entries of other topics. All topics share one count. For each topic, the history records the offset up
 * to which entries were evicted. All forgotten topics share two such offsets: one for public and one for private
 * publications.
 */
export class MemoryHistory implements StoredHistory {
  readonly run: string;
  readonly #epochs: EpochChain;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #limits: HistoryLimits;
  readonly #positions: PositionFormat;
  readonly #presenceTopic: Topic | undefined;
  readonly #topics = new Map<Topic, TopicHistory>();
  readonly #recent = new RecentTopics();
  readonly #lost = new LossOrder<TopicHistory>();
  /**
   * All entries in order. Reads skip the entries that no topic holds any more. The queue removes these entries once
   * there are many.
   */
  readonly #all = new EntryQueue();
  #allBytes = 0;
  readonly #ids: EventIds;
  readonly #followers: JournalFollower[] = [];
  #head: Offset = 0;
  #held = 0;
  #bytes = 0;
  /** No entry after this offset was ever evicted or forgotten. */
  #lostUpTo: Offset = 0;
  /**
   * The marks that all forgotten topics share: one for public and one for private publications. Clients without the
   * right must not learn of private publications.
   */
  readonly #forgotten = { open: { upTo: 0, at: 0 }, private: { upTo: 0, at: 0 } };
  /** The number of entries evicted from a topic so far, plus the number of forgotten topics. */
  #evictions: LossMark = 0;

  constructor(options: MemoryHistoryOptions) {
    this.#epochs = options.epochs;
    this.run = options.run ?? options.epochs.at(Infinity);
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#limits = options.limits ?? defaultHistoryLimits;
    this.#positions = options.positions ?? plainPositions;
    this.#ids = new EventIds(this.#limits.ids);
    this.#presenceTopic = options.presenceTopic;
  }

  get head(): Offset {
    return this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get topicCount(): number {
    return this.#topics.size;
  }

  /** The number of entries in memory, including entries that no topic holds any more. */
  get recordLength(): number {
    return this.#all.length;
  }

  /** As {@link Journal.follow}. */
  follow(follower: JournalFollower): void {
    this.#followers.push(follower);
  }

  /**
   * Takes a stored publication, and passes its entry to the followers.
   *
   * @param stored its offset is larger than any earlier one
   */
  take({ offset, atMs, publication }: Stored): Entry {
    const id = this.#claimId(publication, offset);
    const entry = new Entry({ offset, id, publication, atMs });
    this.#head = offset;
    this.#all.push(entry);
    this.#allBytes += entry.bytes;
    this.#held += 1;
    this.#bytes += entry.bytes;
    for (const name of this.#namesOf(publication)) this.#pushTo(name, entry);
    this.#metrics.count("publications_total");
    for (const follower of this.#followers) follower.apply(entry);
    this.#evictOverLimits();
    return entry;
  }

  /** As {@link Journal.evictAll}. */
  evictAll(topic: Topic): void {
    const history = this.#topics.get(topic);
    if (history !== undefined) this.#empty(history, "told");
    this.#dropReleased();
  }

  newest(topic: Topic, wanted: NewestRange): readonly Entry[] {
    this.#evictOld();
    const history = this.#topics.get(topic);
    return history?.newestEntries(wanted, (entry) => mayRead(wanted.rights, entry.publication)) ?? [];
  }

  countsOf(topic: Topic, rights: Rights): TopicCounts | undefined {
    this.#evictOld();
    const history = this.#topics.get(topic);
    if (history === undefined) return undefined;
    const isRead = rights.mayReadTopic(topic);
    const countOf = ({ open, private: hidden }: CountsByKind): number => open + (isRead ? hidden : 0);
    const published = countOf(history.published);
    return published === 0 ? undefined : { published, stored: countOf(history.stored) };
  }

  topicNames(): Iterable<Topic> {
    return this.#topics.keys();
  }

  idAt(offset: Offset): string {
    return this.#positions.format({ epoch: this.#epochs.at(offset), offset });
  }

  locate(eventId: string, rights = publicOnly): Cursor {
    const offset = this.#ids.firstOffset(eventId);
    const isKnown = offset !== undefined && this.#knownAt(offset, rights) !== undefined;
    return this.#locatePosition(eventId) ?? firstOf(isKnown ? [offset] : []);
  }

  /** The cursor of a position; undefined for a publisher's own id. */
  #locatePosition(eventId: string): Cursor | undefined {
    if (eventId === "earliest") return { kind: "at", offset: 0 };
    const position = this.#positions.parse(eventId);
    return position === undefined ? undefined : this.#epochs.locate(position, this.#head);
  }

  locateIn(topics: readonly Topic[], eventId: string, rights = publicOnly): Cursor {
    const offsets = topics.flatMap((topic) =>
      this.#ids
        .offsets(eventId, topic)
        .filter((offset) => this.#knownAt(offset, rights)?.publication.topics.includes(topic)),
    );
    return this.#locatePosition(eventId) ?? firstOf(offsets);
  }

  /** The entry at this offset, if the journal has it and these rights allow reading it. */
  #knownAt(offset: Offset, rights: Rights): Entry | undefined {
    const entry = this.#all.at(this.#all.indexAfter(offset - 1));
    return entry?.offset === offset && mayRead(rights, entry.publication) ? entry : undefined;
  }

  losses(range: HistoryRange, lossMark: LossMark): LossReport {
    this.#evictOld();
    const present = this.#evictions;
    if (range.after >= this.#lostUpTo || lossMark >= present)
      return { topics: [], more: false, asOf: lossMark, isComplete: true };
    const search = new LossSearch(range, lossMark);
    const isComplete = this.#search(search);
    const { topics, more } = search.found;
    const mayBeForgotten =
      this.#mayHaveForgotten(range, "open", lossMark) ||
      (range.rights.readsPrivate && this.#mayHaveForgotten(range, "private", lossMark));
    return { topics, more: more || mayBeForgotten, asOf: isComplete ? present : search.asOf, isComplete };
  }

  /** False if the search needs more than a few milliseconds. */
  #search(search: LossSearch): boolean {
    const { range } = search;
    if (range.filters.every(({ kind }) => kind === "exact")) {
      for (const history of this.#named(range)) search.look(history);
      return true;
    }
    const set = filterSetOf(range.filters);
    const budget = new StepBudget(set);
    for (const history of this.#lost.after(search.asOf)) {
      if (search.isFull) return true;
      // Several topics may have a loss with the same mark.
      if (budget.isUsedUp() && history.lostAt > search.asOf) return false;
      budget.spend(lookSteps);
      search.asOf = history.lostAt;
      // A topic's losses are no newer than its newest publication.
      if (history.newest <= range.after || !this.#mayMatch(range, history.topic)) continue;
      budget.spend(countSteps);
      search.look(history);
    }
    return true;
  }

  read(range: HistoryRange, visit: (entry: Entry) => boolean): Offset {
    const wanted = (entry: Entry): boolean => !mayRead(range.rights, entry.publication) || visit(entry);
    if (!range.filters.every((filter) => this.#hasOwnHistory(filter))) return this.#scan(range, wanted);
    const queues = [...this.#named(range)].map((history) => history.entries);
    mergeEntries(queues, range, wanted);
    return range.upTo;
  }

  /**
   * Reads entries for filters with wildcards. This method uses the list of all entries, so its time depends only on
   * the entries that the page covers. A merge of the histories of 100,000 topics takes 250 ms for each page of a
   * reader that is far behind.
   */
  #scan(range: HistoryRange, visit: (entry: Entry) => boolean): Offset {
    const set = filterSetOf(range.filters);
    const budget = new StepBudget(set);
    for (let index = this.#all.indexAfter(range.after); ; index += 1) {
      const entry = this.#all.at(index);
      if (entry === undefined || entry.offset > range.upTo) return range.upTo;
      if (budget.isUsedUp()) return entry.offset - 1;
      budget.spend(lookSteps);
      if (this.#isHeldFor(set, entry) && !visit(entry)) return entry.offset;
    }
  }

  /** True if the entry is still in the history of a topic that a filter matches. */
  #isHeldFor(set: FilterSet, entry: Entry): boolean {
    if (entry.holders === 0) return false;
    return entry.publication.topics.some((topic) => set.matches(topic) && this.holds(topic, entry.offset));
  }

  holds(topic: Topic, offset: Offset): boolean {
    const first = this.#topics.get(this.#nameOf(topic))?.entries.first;
    return first !== undefined && first.offset <= offset;
  }

  /**
   * Returns the publisher's own id and marks the id as used. If history already holds the id, the position becomes the
   * id. In the topics of the publication, {@link locateIn} finds the own id all the same.
   */
  #claimId(publication: Publication, offset: Offset): string {
    const { id } = publication;
    if (id === undefined) return this.idAt(offset);
    if (this.#ids.add(id, { offset, publication })) return id;
    this.#metrics.count("duplicate_ids_total");
    return this.idAt(offset);
  }

  /** The name of the history that holds this topic. */
  #nameOf(topic: Topic): Topic {
    return this.#presenceTopic !== undefined && isBelow(topic, this.#presenceTopic)
      ? this.#presenceTopic
      : topic;
  }

  #namesOf({ topics }: Publication): Iterable<Topic> {
    return this.#presenceTopic === undefined ? topics : new Set(topics.map((topic) => this.#nameOf(topic)));
  }

  #hasOwnHistory(filter: TopicFilter): boolean {
    return filter.kind === "exact" && this.#nameOf(filter.topic) !== this.#presenceTopic;
  }

  #pushTo(name: Topic, entry: Entry): void {
    const history = this.#historyOf(name);
    history.push(entry);
    // The history of presence is never forgotten. Otherwise this history competes with many thousand topics.
    if (name !== this.#presenceTopic) this.#recent.touch(history);
  }

  #historyOf(name: Topic): TopicHistory {
    let history = this.#topics.get(name);
    if (history === undefined) {
      const { open, private: hidden } = this.#forgotten;
      const losses = name === this.#presenceTopic ? new PresenceLosses(name) : new TopicLosses(name);
      history = new TopicHistory(losses, { open: open.upTo, private: hidden.upTo });
      this.#topics.set(name, history);
    }
    return history;
  }

  #evictOverLimits(): void {
    const newest = this.#all.last;
    for (const name of newest === undefined ? [] : this.#namesOf(newest.publication)) {
      const history = this.#topics.get(name);
      if (history !== undefined) this.#trim(history);
    }
    while (this.#bytes > this.#limits.bytes) this.#evictOldest("bytes");
    this.#forgetOverLimit();
    this.#evictOld();
    this.#dropReleased();
  }

  /**
   * Removes the entries that no topic holds, once these entries are many or large. The limits on entries and bytes do
   * not count these entries.
   */
  #dropReleased(): void {
    const many = this.#all.length > 1024 && this.#all.length > 2 * this.#held;
    if (!many && this.#allBytes - this.#bytes <= this.#limits.bytes / 8) return;
    this.#all.retainOnly((entry) => entry.holders > 0);
    this.#allBytes = this.#bytes;
  }

  #trim(history: TopicHistory): void {
    const { topicEvents, sharedBytes } = this.#limits;
    const topicBytes = history.topic === this.#presenceTopic ? sharedBytes : this.#limits.topicBytes;
    while (history.entries.length > topicEvents || history.bytes > topicBytes)
      this.#evictFrom(history, "topic");
  }

  #evictOld(): void {
    const horizonMs = this.#clock.now() - this.#limits.ageSeconds * 1000;
    for (
      let entry = this.#all.first;
      entry !== undefined && entry.atMs < horizonMs;
      entry = this.#all.first
    ) {
      this.#evictOldest("age");
    }
  }

  #evictOldest(limit: string): void {
    const entry = this.#all.shift();
    if (entry === undefined) return;
    this.#allBytes -= entry.bytes;
    if (entry.holders === 0) return;
    for (const name of this.#namesOf(entry.publication)) {
      const history = this.#topics.get(name);
      if (history?.entries.first === entry) this.#evictFrom(history, limit);
    }
  }

  #empty(history: TopicHistory, limit: string): void {
    while (history.entries.length > 0) this.#evictFrom(history, limit);
  }

  #evictFrom(history: TopicHistory, limit: string): void {
    this.#lostUpTo = Math.max(this.#lostUpTo, history.entries.first?.offset ?? 0);
    this.#evictions += 1;
    this.#release(history.evict(this.#evictions));
    this.#lost.add(history, this.#evictions);
    this.#metrics.count("history_evicted_total", 1, { limit });
  }

  #release(entry: Entry | undefined): void {
    if (entry === undefined) return;
    this.#held -= 1;
    this.#bytes -= entry.bytes;
    this.#ids.remove(entry);
  }

  #forgetOverLimit(): void {
    while (this.#topics.size > this.#limits.topics) this.#forgetOldest();
  }

  /** Forgets the topic with the oldest last publication. All forgotten topics share the marks in `#forgotten`. */
  #forgetOldest(): void {
    const history = this.#recent.oldest;
    if (history === undefined) return;
    this.#empty(history, "topics");
    this.#evictions += 1;
    this.#remember("open", history.newestOpen);
    this.#remember("private", history.newestPrivate);
    this.#lostUpTo = Math.max(this.#lostUpTo, history.newest);
    this.#recent.remove(history);
    this.#lost.remove(history);
    this.#topics.delete(history.topic);
  }

  #remember(kind: keyof ForgottenUpTo, upTo: Offset): void {
    if (upTo === 0) return;
    const mark = this.#forgotten[kind];
    mark.upTo = Math.max(mark.upTo, upTo);
    mark.at = this.#evictions;
  }

  /**
   * True if the filters may match a forgotten topic. A filter with a wildcard may always match a forgotten topic. An
   * exact filter may match a forgotten topic only if the filter's topic is unknown, or became known again later.
   */
  #mayHaveForgotten(range: HistoryRange, kind: keyof ForgottenUpTo, lossMark: LossMark): boolean {
    const { upTo, at } = this.#forgotten[kind];
    if (at <= lossMark || range.after >= upTo) return false;
    return range.filters.some((filter) => {
      const history = filter.kind === "exact" ? this.#topics.get(this.#nameOf(filter.topic)) : undefined;
      return (history?.forgottenUpTo[kind] ?? upTo) > range.after;
    });
  }

  /**
   * The histories that exact filters name, each once. The result has only histories with a publication in the range or
   * later.
   */
  *#named({ filters, after }: HistoryRange): Generator<TopicHistory, void> {
    const names = new Set<Topic>();
    for (const filter of filters) if (filter.kind === "exact") names.add(this.#nameOf(filter.topic));
    for (const name of names) {
      const history = this.#topics.get(name);
      if (history !== undefined && history.newest > after) yield history;
    }
  }

  /**
   * True if the filters match a history's topic. For the history of presence: true if the filters may match a topic
   * below the topic of presence.
   */
  #mayMatch({ filters }: HistoryRange, name: Topic): boolean {
    if (filterSetOf(filters).matches(name)) return true;
    return name === this.#presenceTopic && filters.some((filter) => mayMatchBelow(filter, name));
  }
}

function firstOf(offsets: readonly Offset[]): Cursor {
  return offsets.length === 0
    ? { kind: "lost", reason: "unknown-id" }
    : { kind: "at", offset: Math.min(...offsets) };
}
