import type { Clock } from "../base/clock.js";
import { PharosError } from "../base/errors.js";
import { defaultRetainedLimits } from "../limits/history.js";
import type { RetainedLimits } from "../limits/history.js";
import { mercurePath } from "../protocol.js";
import { Cohort, cohortKey } from "./cohort.js";
import type { Outlet, Subscription } from "./cohort.js";
import type { DeletedRange } from "./publications/deletion.js";
import type { Entry } from "./publications/entry.js";
import type { TopicFilter } from "./filters/filter.js";
import { mayMatchBelow } from "./filters/filter-overlap.js";
import { defaultFilterLimits } from "./filters/filter-limits.js";
import type { FilterLimits } from "./filters/filter-limits.js";
import { heldBytes } from "./filters/filter-cost.js";
import { FilterTrie } from "./filters/filter-trie.js";
import type { FilterCounts } from "./filters/filter-trie.js";
import type { Offset } from "./publications/position.js";
import type { History } from "./publications/history.js";
import { Backpressure, defaultPressureLimits } from "./backpressure.js";
import type { PressureLimits } from "./backpressure.js";
import { RetainedValues } from "./publications/retained-values.js";
import type { Topic } from "./topics/topic.js";
import { urlPatternsFor } from "./patterns/url-pattern-cache.js";

export interface HubOptions {
  readonly history: History;
  readonly clock: Clock;
  readonly pressure?: PressureLimits;
  /** The limit on the memory of all retained values. Read at each use. @default 64 MiB */
  readonly retained?: RetainedLimits;
  /**
   * The limits on the filters of all streams. A level that several MQTT filters share counts once. Read at each use.
   * @default defaultFilterLimits
   */
  readonly filters?: FilterLimits;
  /**
   * The hub's own URL. Relative topics and URL patterns are resolved against this URL. @default the URL of a hub with
   * default settings
   */
  readonly baseUrl?: string;
  /**
   * The topic of presence. Each subscription has a topic of its own below this topic. A publication to the topic of
   * presence itself reaches every cohort that may receive a private publication below this topic. No other cohort
   * receives such a publication. @default none
   */
  readonly presenceTopic?: Topic;
}

const defaultBaseUrl = `http://127.0.0.1:8080${mercurePath}`;

/**
 * Delivers publications to the cohorts that match their topics. Delivery is synchronous: when {@link apply} returns,
 * the entry is pending in every matching cohort. So a reader misses no entry between the reader's last page and the
 * next round.
 */
export class Hub {
  readonly history: History;
  readonly retained: RetainedValues;
  readonly #clock: Clock;
  readonly #backpressure: Backpressure;
  readonly #cohorts = new Map<string, Cohort>();
  readonly #trie: FilterTrie<Cohort>;
  readonly #filterLimits: FilterLimits;
  readonly #presenceTopic: Topic | undefined;
  /** Cohorts that may receive private publications below the topic of presence. */
  readonly #presenceCohorts = new Set<Cohort>();
  #filterBytes = 0;

  constructor(options: HubOptions) {
    this.history = options.history;
    this.#clock = options.clock;
    this.retained = new RetainedValues(options.retained ?? defaultRetainedLimits);
    this.#presenceTopic = options.presenceTopic;
    this.#filterLimits = options.filters ?? defaultFilterLimits;
    const { urls } = urlPatternsFor(options.baseUrl ?? defaultBaseUrl);
    this.#trie = new FilterTrie({ urls, limits: this.#filterLimits });
    this.#backpressure = new Backpressure({
      limits: options.pressure ?? defaultPressureLimits,
      clock: options.clock,
    });
  }

  get cohortCount(): number {
    return this.#cohorts.size;
  }

  get pendingBytes(): number {
    return this.#backpressure.bytes;
  }

  /** The waiting time of the oldest pending entry, in milliseconds; 0 if none is pending. Looks at all cohorts. */
  get oldestPendingMs(): number {
    const now = this.#clock.monotonic();
    let oldestAtMs = now;
    for (const { oldestPendingAtMs: atMs = now } of this.#cohorts.values())
      oldestAtMs = Math.min(oldestAtMs, atMs);
    return now - oldestAtMs;
  }

  /** Undefined if publishers may continue, else a promise that resolves when publishers may continue. */
  room(): Promise<void> | undefined {
    return this.#backpressure.room();
  }

  /**
   * True if the limits allow one more stream with these filters. The filters of one stream can need 4 MB with wildcards
   * and 130 KB without. Without a limit, a few hundred streams can use all memory.
   */
  hasRoomFor(filters: readonly TopicFilter[]): boolean {
    if (this.#filterBytes + heldBytes(filters) > this.#filterLimits.bytes) return false;
    return (
      this.#trie.levels < this.#filterLimits.levels ||
      filters.every(({ kind }) => kind === "exact" || kind === "all")
    );
  }

  /**
   * Checks these filters against the limits; call this before {@link join}. The hub compares each publication with
   * patterns one by one, so the number of patterns is limited.
   *
   * @throws PharosError `bad-filter` if the hub holds too many of one kind:
   * - patterns that begin like one of these filters
   * - patterns that begin with no literal text
   * - patterns with regular expressions
   * - different mixtures of `+` and names in MQTT filters
   */
  checkPatterns(filters: readonly TopicFilter[]): void {
    const refusal = this.#trie.refusalOf(filters);
    if (refusal !== undefined) throw new PharosError("bad-filter", refusal);
  }

  /** The number of filters of each limited kind. */
  get filterCounts(): FilterCounts {
    return this.#trie.counts;
  }

  /** Memory for the filters of all streams, in bytes. */
  get filterBytes(): number {
    return this.#filterBytes;
  }

  /** The number of comparisons of one pattern with one topic so far. */
  get compared(): number {
    return this.#trie.compared;
  }

  /** After `hold(who, true)`, publishers wait until every holder has called `hold(who, false)`. */
  hold(who: object, on: boolean): void {
    this.#backpressure.hold(who, on);
  }

  /** Delivers an entry. The journal calls this for each entry, in order of offset. */
  apply(entry: Entry): void {
    entry.appliedAtMs = this.#clock.monotonic();
    if (entry.publication.retain) this.retained.apply(entry);
    const append = (cohort: Cohort): void => cohort.append(entry);
    for (const topic of entry.publication.topics) {
      if (topic === this.#presenceTopic) this.#presenceCohorts.forEach(append);
      else this.#trie.match(topic, append);
    }
  }

  /**
   * Takes a deletion, which the journal has applied to {@link history}. Removes the retained value, and tells the outlets.
   * Returns true if there was a value. Entries that are pending in cohorts are delivered.
   */
  deleted(range: DeletedRange): boolean {
    const hadValue = this.retained.delete(range);
    this.#forget(this.history.head);
    return hadValue;
  }

  /**
   * Removes the publications and the retained values whose `ttl` has ended, and tells the outlets. Call this every second:
   * until then, readers may get what was kept for them elsewhere.
   */
  expire(): void {
    const upTo = Math.max(this.history.takeExpired(), this.retained.expire(this.history.nowMs));
    if (upTo > 0) this.#forget(upTo);
  }

  #forget(upTo: Offset): void {
    const outlets = new Set([...this.#cohorts.values()].map(({ outlet }) => outlet));
    for (const outlet of outlets) outlet.forget?.(upTo);
  }

  /** The number of connections with a filter that matches the topic. */
  readersOf(topic: Topic): number {
    const cohorts = new Set<Cohort>();
    this.#trie.match(topic, (cohort) => cohorts.add(cohort));
    return [...cohorts].reduce((sum, { connections }) => sum + connections, 0);
  }

  /** The topics that connections follow by an exact filter. A topic may come several times. */
  *followedTopics(): Generator<Topic, void> {
    for (const { subscription } of this.#cohorts.values())
      for (const filter of subscription.filters) if (filter.kind === "exact") yield filter.topic;
  }

  /** Finds or creates the cohort for one more connection. Call {@link leave} once for each call. */
  join(outlet: Outlet, subscription: Subscription): Cohort {
    const cohort = this.#cohorts.get(cohortKey(outlet, subscription)) ?? this.#create(outlet, subscription);
    cohort.connections += 1;
    this.#filterBytes += cohort.filterBytes;
    return cohort;
  }

  /** Removes one connection. After the last connection, the hub also removes the cohort and its pending entries. */
  leave(cohort: Cohort): void {
    cohort.connections -= 1;
    this.#filterBytes -= cohort.filterBytes;
    if (cohort.connections > 0) return;
    cohort.listen(false);
    this.#cohorts.delete(cohort.key);
    this.#presenceCohorts.delete(cohort);
    for (const filter of cohort.subscription.filters) this.#trie.remove(filter, cohort);
  }

  #create(outlet: Outlet, subscription: Subscription): Cohort {
    const cohort = new Cohort({
      outlet,
      subscription,
      history: this.history,
      backpressure: this.#backpressure,
    });
    this.#cohorts.set(cohort.key, cohort);
    for (const filter of subscription.filters) this.#trie.add(filter, cohort);
    if (this.#mayReadPresence(subscription)) this.#presenceCohorts.add(cohort);
    return cohort;
  }

  #mayReadPresence({ filters, rights }: Subscription): boolean {
    const parent = this.#presenceTopic;
    if (parent === undefined || !rights.mayReadBelow(parent)) return false;
    return filters.some((filter) => mayMatchBelow(filter, parent));
  }
}
