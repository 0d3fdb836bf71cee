import type { Clock } from "../base/clock.js";
import { PharosError } from "../base/errors.js";
import { declaredRetainedLimits } from "../limits/history.js";
import { mercurePath } from "../protocol.js";
import { Cohort, cohortKey } from "./cohort.js";
import type { Outlet, Subscription } from "./cohort.js";
import type { Entry } from "./publications/entry.js";
import type { TopicFilter } from "./filters/filter.js";
import { mayMatchBelow } from "./filters/filter-overlap.js";
import { defaultFilterLimits } from "./filters/filter-limits.js";
import type { FilterLimits } from "./filters/filter-limits.js";
import { heldBytes } from "./filters/filter-cost.js";
import { FilterTrie } from "./filters/filter-trie.js";
import type { FilterCounts } from "./filters/filter-trie.js";
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
  /** What retained values may hold together. @default that of the settings */
  readonly retainedBytes?: number;
  /**
   * What the filters of all streams may be. What MQTT filters begin with in common counts once.
   * @default defaultFilterLimits
   */
  readonly filters?: Partial<FilterLimits>;
  /**
   * The hub's own URL, against which topics are resolved for URL patterns: the one that these are parsed with.
   * @default that of a hub with default settings
   */
  readonly baseUrl?: string;
  /**
   * The topic of presence, below which each subscription has a topic of its own. A publication to this topic itself goes
   * to every cohort that may receive a private publication below it, and to no other. @default none
   */
  readonly presenceTopic?: Topic;
}

const defaultBaseUrl = `http://127.0.0.1:8080${mercurePath}`;

/**
 * Joins publications with the cohorts that follow their topics. Synchronous: when {@link apply} returns, every cohort
 * has the entry pending; when a reader of history finds itself at a cohort's horizon, nothing can come between.
 */
export class Hub {
  readonly history: History;
  readonly retained: RetainedValues;
  readonly #clock: Clock;
  readonly #account: Backpressure;
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
    this.retained = new RetainedValues({
      maxBytes: options.retainedBytes ?? declaredRetainedLimits.bytes.default,
    });
    this.#presenceTopic = options.presenceTopic;
    this.#filterLimits = { ...defaultFilterLimits, ...options.filters };
    const { urls } = urlPatternsFor(options.baseUrl ?? defaultBaseUrl);
    this.#trie = new FilterTrie({ urls, limits: this.#filterLimits });
    this.#account = new Backpressure({
      limits: options.pressure ?? defaultPressureLimits,
      clock: options.clock,
    });
  }

  get cohortCount(): number {
    return this.#cohorts.size;
  }

  get pendingBytes(): number {
    return this.#account.bytes;
  }

  /** How long the oldest publication has waited for a round, in milliseconds; 0 when none waits. Asks all cohorts. */
  get oldestPendingMs(): number {
    const now = this.#clock.now();
    let oldestAtMs = now;
    for (const { oldestPendingAtMs: atMs = now } of this.#cohorts.values())
      oldestAtMs = Math.min(oldestAtMs, atMs);
    return now - oldestAtMs;
  }

  /** Undefined while publishers may go on, else a promise that resolves when they may. */
  room(): Promise<void> | undefined {
    return this.#account.room();
  }

  /**
   * Whether a stream with these filters may {@link join}. One stream's filters could hold 4 MB of levels, or 130 KB
   * without wildcards, so that a few hundred or thousand streams would be more than the machine has.
   */
  hasRoomFor(filters: readonly TopicFilter[]): boolean {
    if (this.#filterBytes + heldBytes(filters) > this.#filterLimits.bytes) return false;
    return (
      this.#trie.levels < this.#filterLimits.levels ||
      filters.every(({ kind }) => kind === "exact" || kind === "all")
    );
  }

  /**
   * To be called before {@link join}: patterns that a publication is compared with one by one are limited.
   *
   * @throws PharosError `bad-filter` when a filter is a URL pattern or template and the hub holds too many that begin
   *   like it, that begin with nothing literal, or that hold regular expressions; when MQTT filters are too different
   */
  checkPatterns(filters: readonly TopicFilter[]): void {
    const refusal = this.#trie.refusalOf(filters);
    if (refusal !== undefined) throw new PharosError("bad-filter", refusal);
  }

  /** How many filters are held of each sort that is limited. */
  get filterCounts(): FilterCounts {
    return this.#trie.counts;
  }

  /** What the filters of all streams hold, in bytes. */
  get filterBytes(): number {
    return this.#filterBytes;
  }

  /** How many comparisons of one pattern with one topic there were. */
  get compared(): number {
    return this.#trie.compared;
  }

  /** Lets publishers wait until `who`, and everybody else who holds them, lets them go on. */
  hold(who: object, on: boolean): void {
    this.#account.hold(who, on);
  }

  /** Called by the journal for each entry, in order of offset. */
  apply(entry: Entry): void {
    if (entry.publication.retain) this.retained.apply(entry);
    for (const topic of entry.publication.topics) {
      if (topic === this.#presenceTopic) this.#presenceCohorts.forEach((cohort) => cohort.append(entry));
      else this.#trie.match(topic, (cohort) => cohort.append(entry));
    }
  }

  /** How many connections follow a topic. */
  readersOf(topic: Topic): number {
    const cohorts = new Set<Cohort>();
    this.#trie.match(topic, (cohort) => cohorts.add(cohort));
    return [...cohorts].reduce((sum, { connections }) => sum + connections, 0);
  }

  /** Finds or creates the cohort for one more connection; each call is undone by one {@link leave}. */
  join(outlet: Outlet, subscription: Subscription): Cohort {
    const cohort = this.#cohorts.get(cohortKey(outlet, subscription)) ?? this.#create(outlet, subscription);
    cohort.connections += 1;
    this.#filterBytes += cohort.filterBytes;
    return cohort;
  }

  /** One connection fewer; with the last one goes the cohort and all that waited in it. */
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
    const cohort = new Cohort({ outlet, subscription, history: this.history, account: this.#account });
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
