import type { Clock } from "../../base/clock.js";
import { Entry } from "../../hub/publications/entry.js";
import { EntryQueue } from "../../hub/publications/entry-queue.js";
import { filterSetOf } from "../../hub/filters/filter-set.js";
import { StepBudget } from "../../hub/filters/step-budget.js";
import type { FilterSet } from "../../hub/filters/filter-set.js";
import type { Cursor, LossMark, LossReport, HistoryRange } from "../../hub/publications/history.js";
import type { Offset, PositionFormat } from "../../hub/publications/position.js";
import { mayRead, publicOnly } from "../../hub/publications/rights.js";
import type { Rights } from "../../hub/publications/rights.js";
import type { Topic } from "../../hub/topics/topic.js";
import type { EvictionLimit, Metrics } from "../../base/metrics.js";
import type { EpochChain } from "../epoch-chain.js";
import type { JournalFollower, StoredHistory } from "../journal.js";
import type { SnapshotPart } from "../snapshot-part.js";
import type { NewestRange, TopicCounts, TopicPage, TopicPageRange } from "../topic-history-reader.js";
import { defaultHistoryLimits } from "../../limits/history.js";
import type { HistoryLimits } from "../../limits/history.js";
import type { Deleted, Deletion } from "../deletion.js";
import { EventIds } from "./event-ids.js";
import { EventPlaces } from "./event-places.js";
import { HistoryLosses } from "./history-losses.js";
import { Expiries } from "../../hub/publications/expiries.js";
import { mergeEntries } from "./merge.js";
import { selectEntries } from "./select-entries.js";
import { TopicHistories } from "./topic-histories.js";
import type { CountsByKind, TopicHistory } from "./topic-history.js";

/** The cost of reading one entry or topic, without matching, in the steps of a filter set. */
const lookSteps = 5;

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
  /**
   * The oldest offset of a log. The log has all entries from this offset on, and may remove more of its oldest entries at
   * any time. An entry that memory has evicted is not lost, and its own id stays known, as long as the log has the
   * entry. @default there is no log
   */
  readonly logStart?: () => Offset;
}

/** A publication with its place in the log: what a journal knows when the publication is stored. */
export interface Stored extends Pick<Entry, "offset" | "atMs" | "publication"> {
  /**
   * True: the publisher's own id is the event id. False: an earlier entry had the id, so that the position is the event
   * id. @default true, unless history holds the id already
   */
  readonly keepsId?: boolean;
  /**
   * The time when this hub accepted the publication, on the monotonic clock, in milliseconds.
   * @default now: the journal is in memory, or another hub accepted the publication
   */
  readonly sinceMs?: number | undefined;
}

/**
 * The history in memory, which a journal fills. Each topic has a limited history of its own, so that a busy topic does
 * not evict the entries of other topics. All topics share one count. For each topic, the history records the offset up
 * to which entries were evicted.
 */
export class MemoryHistory implements StoredHistory {
  readonly run: string;
  readonly #clock: Clock;
  readonly #metrics: Metrics;
  readonly #limits: HistoryLimits;
  readonly #places: EventPlaces;
  readonly #presenceTopic: Topic | undefined;
  readonly #logStart: () => Offset;
  readonly #topics: TopicHistories;
  readonly #losses: HistoryLosses;
  /**
   * All entries in order. Reads skip the entries that no topic holds any more. The queue removes these entries once
   * there are many.
   */
  readonly #all = new EntryQueue();
  #allBytes = 0;
  readonly #ids: EventIds;
  readonly #followers: JournalFollower[] = [];
  readonly #expiries = new Expiries(({ holders }) => holders > 0);
  #head: Offset = 0;
  #held = 0;
  #bytes = 0;

  constructor(options: MemoryHistoryOptions) {
    this.run = options.run ?? options.epochs.at(Infinity);
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#limits = options.limits ?? defaultHistoryLimits;
    this.#ids = new EventIds(this.#limits.ids);
    this.#places = new EventPlaces({ ...options, ids: this.#ids });
    this.#presenceTopic = options.presenceTopic;
    this.#logStart = options.logStart ?? (() => Infinity);
    this.#topics = new TopicHistories(options.presenceTopic);
    this.#losses = new HistoryLosses(this.#topics, this.#logStart);
  }

  get head(): Offset {
    return this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The parts of a snapshot from which a start restores what memory knows of entries before {@link beginAfter}. */
  get parts(): readonly SnapshotPart[] {
    const { withdrawn, deletions } = this.#losses;
    return [this.#topics, this.#ids, withdrawn, deletions];
  }

  /** A new mark, for a loss that only the caller knows. */
  nextLossMark(): LossMark {
    return this.#losses.nextMark();
  }

  get ageMs(): number {
    this.#evictOld();
    // Entries that no topic holds any more may be the first ones.
    while (this.#all.first?.holders === 0) this.#allBytes -= this.#all.shift()?.bytes ?? 0;
    return Math.max(0, this.#clock.now() - (this.#all.first?.atMs ?? Infinity));
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
  take(stored: Stored): Entry {
    const { offset, atMs, publication, sinceMs } = stored;
    const id = this.#claimId(stored);
    const entry = new Entry({ offset, id, publication, atMs });
    if (sinceMs !== undefined) entry.storedInMs = Math.round(this.#clock.monotonic() - sinceMs);
    this.#head = offset;
    this.#all.push(entry);
    this.#allBytes += entry.bytes;
    this.#held += 1;
    this.#bytes += entry.bytes;
    const names = this.#topics.namesOf(publication);
    for (const name of names) this.#topics.push(name, entry);
    for (const follower of this.#followers) follower.apply(entry);
    this.#expiries.add(entry);
    this.#evictOverLimits(names);
    return entry;
  }

  /**
   * As {@link Journal.evictAll}.
   *
   * @param upTo the last offset to evict
   */
  evictAll(topic: Topic, upTo = this.#head): void {
    this.#losses.withdraw(topic, upTo);
    const history = this.#topics.named(topic);
    if (history !== undefined) this.#evictUpTo(history, { upTo, limit: "told" });
    this.#dropReleased();
  }

  /** True if {@link delete} would delete publications of the topic. */
  mayDelete(topic: Topic): boolean {
    this.#evictOld();
    return (this.#topics.of(topic)?.entries.length ?? 0) > 0 || this.#mayHaveOlder(topic);
  }

  /** False while the memory for deletions is used up. Without a log, it never is: the oldest ones are forgotten. */
  get remembersDeletions(): boolean {
    return !this.#losses.deletions.isFull || this.#logStart() === Infinity;
  }

  get removals(): number {
    this.#expire();
    return this.#losses.deletions.count + this.#expiries.count;
  }

  get nowMs(): number {
    // The log has the time of the machines that wrote it. Their clocks may be ahead of this one.
    return Math.max(this.#clock.now(), this.#all.last?.atMs ?? 0);
  }

  takeExpired(): Offset {
    this.#expire();
    return this.#expiries.takeNewest();
  }

  /** The number of deletions and of {@link evictAll} calls. */
  get hidings(): number {
    return this.#losses.deletions.count + this.#losses.withdrawn.count;
  }

  /** True if this publication to a topic was deleted, or evicted by {@link evictAll}: no log may show it. */
  isHidden(topic: Topic, offset: Offset): boolean {
    return this.#losses.isHidden(topic, offset);
  }

  /** As {@link Journal.delete}. */
  delete({ topic, only }: Deletion): Deleted {
    this.#evictOld();
    this.#noteLogStart();
    const { from, upTo } =
      only === undefined ? { from: 0, upTo: this.#head } : { from: only.offset, upTo: only.offset };
    const older = only === undefined && this.#mayHaveOlder(topic);
    const isOnlyLogged =
      only !== undefined && upTo >= this.#logStart() && !this.#losses.isHidden(topic, upTo);
    const entries = this.#removeEntries(topic, { from, upTo });
    const found = entries.length === 0 && isOnlyLogged ? [only] : entries;
    if (found.length > 0 || older) {
      const missing = older ? this.#topics.missingOf(topic) : undefined;
      this.#losses.delete({ topic, only, upTo, found, older: missing });
    }
    if (only === undefined) this.#topics.of(topic)?.beginAnew();
    const deleted = { topic, from, upTo };
    const held = this.#followers.map((follower) => follower.deleted?.(deleted) === true);
    return { publications: found.length, older, retained: held.includes(true) };
  }

  /**
   * Begins behind a log: the next entry comes after this offset, and everything up to the offset counts as evicted, from
   * every topic. Call this before the first {@link take}, and before or after the {@link parts} are loaded.
   */
  beginAfter(offset: Offset): void {
    this.#head = offset;
    this.#losses.loseAll(offset);
  }

  /** True if a stored entry has this own id as its event id. */
  ownsId(id: string): boolean {
    this.#noteLogStart();
    return this.#ids.has(id);
  }

  newest(topic: Topic, wanted: NewestRange): readonly Entry[] {
    this.#evictOld();
    return selectEntries(this.#topics.named(topic)?.entries, wanted).entries;
  }

  page(topic: Topic, wanted: TopicPageRange): TopicPage {
    this.#evictOld();
    const page = selectEntries(this.#topics.named(topic)?.entries, wanted);
    if (page.more && wanted.after === undefined) return { ...page, missing: { topics: [], more: false } };
    const range = {
      filters: [{ kind: "exact", text: topic, topic } as const],
      rights: wanted.rights,
      after: wanted.after ?? 0,
      upTo: this.#head,
    };
    return { ...page, missing: this.losses(range, 0, Infinity) };
  }

  countsOf(topic: Topic, rights: Rights): TopicCounts | undefined {
    this.#evictOld();
    const history = this.#topics.named(topic);
    if (history === undefined) return undefined;
    const isRead = rights.mayReadTopic(topic);
    const countOf = ({ open, private: hidden }: CountsByKind): number => open + (isRead ? hidden : 0);
    const published = countOf(history.published);
    return published === 0 ? undefined : { published, stored: countOf(history.stored) };
  }

  topicNames(): Iterable<Topic> {
    return this.#topics.names();
  }

  idAt(offset: Offset): string {
    return this.#places.idAt(offset);
  }

  locate(eventId: string, rights = publicOnly): Cursor {
    this.#noteLogStart();
    return this.#places.locate(eventId, { rights, head: this.#head });
  }

  locateIn(topics: readonly Topic[], eventId: string, rights = publicOnly): Cursor {
    this.#noteLogStart();
    return this.#places.locateIn(topics, eventId, { rights, head: this.#head });
  }

  /**
   * As {@link StoredHistory.losses}.
   *
   * @param missingUpTo the last offset that the log does not have. @default the last one before the start of the log
   */
  losses(range: HistoryRange, lossMark: LossMark, missingUpTo = this.#logStart() - 1): LossReport {
    this.#evictOld();
    this.#noteLogStart();
    return this.#losses.find(range, lossMark, missingUpTo);
  }

  /** As {@link HistoryLosses.evictedUpTo}. */
  evictedUpTo(range: HistoryRange): Offset {
    return this.#losses.evictedUpTo(range);
  }

  read(range: HistoryRange, visit: (entry: Entry) => boolean): Offset {
    const wanted = (entry: Entry): boolean => !mayRead(range.rights, entry.publication) || visit(entry);
    if (!range.filters.every((filter) => this.#topics.hasOwn(filter))) return this.#scan(range, wanted);
    const queues = [...this.#topics.exactly(range)].map((history) => history.entries);
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
    return this.#topics.of(topic)?.holds(offset) === true;
  }

  #noteLogStart(): void {
    if (this.#losses.noteLogStart()) this.#ids.dropBefore(this.#logStart());
  }

  #mayHaveOlder(topic: Topic): boolean {
    return this.#losses.mayHaveOlder(topic, this.#topics.size >= this.#limits.topics);
  }

  #removeEntries(topic: Topic, range: { readonly from: Offset; readonly upTo: Offset }): readonly Entry[] {
    const entries = this.#topics.of(topic)?.remove(range) ?? [];
    if (entries.length === 0) return entries;
    for (const entry of entries) if (entry.holders === 0) this.#release(entry, { keepsId: true });
    this.#metrics.count("history_evicted_total", entries.length, { limit: "deleted" });
    this.#dropReleased();
    return entries;
  }

  /**
   * Returns the publisher's own id and marks the id as used. If history already holds the id, the position becomes the
   * id. In the topics of the publication, {@link locateIn} finds the own id all the same.
   */
  #claimId({ offset, publication, keepsId }: Stored): string {
    const { id } = publication;
    if (id === undefined) return this.idAt(offset);
    const keeps = keepsId ?? !this.#ids.has(id);
    if (keeps) this.#ids.add(id, { offset, publication });
    else this.#ids.addLater(id, { offset, publication });
    return keeps ? id : this.idAt(offset);
  }

  /** @param names the histories that have grown */
  #evictOverLimits(names: Iterable<Topic>): void {
    this.#expire();
    for (const name of names) {
      const history = this.#topics.named(name);
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

  /** Removes the entries whose `ttl` has ended. Nobody is told: their publishers wanted this. */
  #expire(): void {
    const due = this.#expiries.takeDue(this.nowMs);
    if (due.length === 0) return;
    this.#topics.removeAll(due);
    for (const entry of due) this.#release(entry, { keepsId: true });
    this.#metrics.count("history_evicted_total", due.length, { limit: "ttl" });
    this.#dropReleased();
  }

  #evictOld(): void {
    this.#expire();
    const horizonMs = this.nowMs - this.#limits.ageSeconds * 1000;
    for (
      let entry = this.#all.first;
      entry !== undefined && entry.atMs < horizonMs;
      entry = this.#all.first
    ) {
      this.#evictOldest("age");
    }
  }

  #evictOldest(limit: EvictionLimit): void {
    const entry = this.#all.shift();
    if (entry === undefined) return;
    this.#allBytes -= entry.bytes;
    if (entry.holders === 0) return;
    for (const name of this.#topics.namesOf(entry.publication)) {
      const history = this.#topics.named(name);
      if (history?.entries.first === entry) this.#evictFrom(history, limit);
    }
  }

  #evictUpTo(
    history: TopicHistory,
    { upTo, limit }: { readonly upTo: Offset; readonly limit: EvictionLimit },
  ): void {
    while ((history.entries.first?.offset ?? Infinity) <= upTo) this.#evictFrom(history, limit);
  }

  #evictFrom(history: TopicHistory, limit: EvictionLimit): void {
    this.#release(history.evict(this.#losses.evict(history)));
    this.#metrics.count("history_evicted_total", 1, { limit });
  }

  /** @param keepsId true if clients may resume from the own id of the entry, also without a log */
  #release(entry: Entry | undefined, { keepsId } = { keepsId: false }): void {
    if (entry === undefined) return;
    this.#held -= 1;
    this.#bytes -= entry.bytes;
    const start = this.#logStart();
    if (entry.offset >= start || (keepsId && start === Infinity)) this.#ids.evict(entry);
    else this.#ids.remove(entry);
  }

  #forgetOverLimit(): void {
    while (this.#topics.size > this.#limits.topics) this.#forgetOldest();
  }

  /** Forgets the topic with the oldest last publication. */
  #forgetOldest(): void {
    const history = this.#topics.oldest;
    if (history === undefined) return;
    this.#evictUpTo(history, { upTo: history.newest, limit: "topics" });
    this.#losses.forget(history);
  }
}
