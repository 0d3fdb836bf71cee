import { quoteValue } from "../../base/quote-value.js";
import type { TopicFilter } from "./filter.js";
import { defaultFilterLimits } from "./filter-limits.js";
import type { FilterLimits } from "./filter-limits.js";
import { PatternFilters } from "./pattern-filters.js";
import type { PatternCounts } from "./pattern-filters.js";
import { isPattern, mixtureLetter, mixturesOf } from "./filter-cost.js";
import type { Work } from "../patterns/pattern-matcher.js";
import type { Topic } from "../topics/topic.js";
import type { TopicUrls } from "../topics/topic-url.js";

/** One level of filters. The trie creates no empty sets: with empty sets, a node used 750 bytes instead of 480. */
interface Node<T> {
  children?: Map<string, Node<T>>;
  here?: Set<T>;
  /** Values of filters that end in `#` below this level. */
  below?: Set<T>;
}

export interface FilterTrieOptions {
  readonly urls: TopicUrls;
  /** See {@link FilterTrie.refusalOf}. @default defaultFilterLimits */
  readonly limits?: FilterLimits;
}

/** The number of filters, by their cost for each publication. */
export interface FilterCounts extends PatternCounts {
  readonly mixtures: number;
  readonly levels: number;
}

/** Two costs in steps: of a topic that matches nothing, and of each node that a topic visits. */
const topicSteps = 20;
const nodeSteps = 5;

/**
 * Maps topic filters to values, and finds the values whose filters match a topic. The time depends on the topic's
 * levels, the matches and the patterns that begin like the topic. The time does not depend on the number of filters.
 */
export class FilterTrie<T> {
  readonly #exact = new Map<string, Set<T>>();
  readonly #all = new Set<T>();
  readonly #root: Node<T> = {};
  readonly #patterns: PatternFilters<T>;
  readonly #work: Work = { steps: 0 };
  #levels = 0;

  readonly #limits: FilterLimits;
  /** The number of nodes of each mixture of `+` and names. */
  readonly #mixtures = new Map<string, number>();

  /** @param options.urls parses topics relative to the base URL of the URL patterns */
  constructor({ urls, limits = defaultFilterLimits }: FilterTrieOptions) {
    this.#limits = limits;
    this.#patterns = new PatternFilters({ urls, work: this.#work, limits });
  }

  /** True if the trie holds no values and no nodes. */
  get isEmpty(): boolean {
    return (
      this.#exact.size + this.#all.size + this.levels + this.#mixtures.size === 0 && isEmptyNode(this.#root)
    );
  }

  /**
   * The number of levels of filters with wildcards. A level that several MQTT filters share counts once. A pattern
   * counts as several levels, according to its cost.
   */
  get levels(): number {
    return this.#levels + this.#patterns.levels;
  }

  /** The number of comparisons of one pattern with one topic so far. */
  get compared(): number {
    return this.#patterns.compared;
  }

  /** The cost of matching so far, in steps; see {@link stepsPerTurn}. */
  get steps(): number {
    return this.#work.steps;
  }

  /** The number of filters of each limited kind. */
  get counts(): FilterCounts {
    return { ...this.#patterns.counts, mixtures: this.#mixtures.size, levels: this.levels };
  }

  /** The reason, for the client, why these filters cannot be added; undefined if the filters can be added. */
  refusalOf(filters: readonly TopicFilter[]): string | undefined {
    return this.#refusalOfMixtures(filters) ?? this.#patterns.refusalOf(filters.filter(isPattern));
  }

  #refusalOfMixtures(filters: readonly TopicFilter[]): string | undefined {
    const { mixtures } = this.#limits;
    const added = new Set<string>();
    for (const filter of filters) {
      if (filter.kind !== "mqtt") continue;
      for (const mixture of mixturesOf(filter.levels)) if (!this.#mixtures.has(mixture)) added.add(mixture);
      if (added.size > 0 && this.#mixtures.size + added.size > mixtures)
        return `this hub has too many filters that mix + and names in different ways (at most ${mixtures}); use fewer levels in ${quoteValue(filter.text)}, or use + at the same levels as other filters`;
    }
    return undefined;
  }

  /** Adding the same value under the same filter again changes nothing. */
  add(filter: TopicFilter, value: T): void {
    switch (filter.kind) {
      case "exact": {
        const values = this.#exact.get(filter.topic);
        if (values === undefined) this.#exact.set(filter.topic, new Set([value]));
        else values.add(value);
        return;
      }
      case "all":
        this.#all.add(value);
        return;
      case "mqtt":
        this.#place(filter.levels, value);
        return;
      case "urlpattern":
      case "template":
        this.#patterns.add(filter, value);
        return;
      default:
        filter satisfies never;
    }
  }

  /** Removes the value from this filter; no effect if the filter does not have the value. */
  remove(filter: TopicFilter, value: T): void {
    switch (filter.kind) {
      case "exact": {
        const values = this.#exact.get(filter.topic);
        values?.delete(value);
        if (values?.size === 0) this.#exact.delete(filter.topic);
        return;
      }
      case "all":
        this.#all.delete(value);
        return;
      case "mqtt":
        this.#removeBelow(this.#root, { levels: filter.levels, index: 0, value });
        return;
      case "urlpattern":
      case "template":
        this.#patterns.remove(filter, value);
        return;
      default:
        filter satisfies never;
    }
  }

  /**
   * Calls `visit` for each value with a matching filter. The number of calls for a value is the number of its matching
   * filters.
   */
  match(topic: Topic, visit: (value: T) => void): void {
    this.#work.steps += topicSteps;
    this.#exact.get(topic)?.forEach(visit);
    this.#all.forEach(visit);
    if (this.#patterns.size > 0) this.#patterns.match(topic, visit);
    const root = this.#root;
    if (isEmptyNode(root)) return;
    const levels = topic.split("/");
    const walk = new Walk(levels, visit);
    // A wildcard in the first level does not match $ topics [MQTT 5.0, 4.7.2].
    const start = topic.startsWith("$") ? root.children?.get(levels[0] ?? "") : root;
    if (start !== undefined) walk.from(start, start === root ? 0 : 1);
    this.#work.steps += walk.nodes * nodeSteps;
  }

  #place(levels: readonly string[], value: T): void {
    let node = this.#root;
    let mixture = "";
    for (const level of levels) {
      if (level === "#") {
        node.below = (node.below ?? new Set()).add(value);
        return;
      }
      mixture += mixtureLetter(level);
      node.children ??= new Map();
      let child = node.children.get(level);
      if (child === undefined) {
        child = {};
        node.children.set(level, child);
        this.#count(mixture, 1);
      }
      node = child;
    }
    node.here = (node.here ?? new Set()).add(value);
  }

  /** Removes the value, and then the empty nodes, from the last level up. */
  #removeBelow(node: Node<T>, removal: Removal<T>): void {
    const level = removal.levels[removal.index];
    if (level === undefined) {
      if (node.here?.delete(removal.value) === true && node.here.size === 0) delete node.here;
    } else if (level === "#") {
      if (node.below?.delete(removal.value) === true && node.below.size === 0) delete node.below;
    } else {
      const child = node.children?.get(level);
      if (child === undefined) return;
      this.#removeBelow(child, { ...removal, index: removal.index + 1 });
      if (isEmptyNode(child)) this.#drop(node, removal);
    }
  }

  #drop(node: Node<T>, { levels, index }: Removal<T>): void {
    if (node.children?.delete(levels[index] ?? "") !== true) return;
    this.#count(
      levels
        .slice(0, index + 1)
        .map(mixtureLetter)
        .join(""),
      -1,
    );
    if (node.children.size === 0) delete node.children;
  }

  /** Adds one to the number of nodes of a mixture, or subtracts one. */
  #count(mixture: string, sign: 1 | -1): void {
    this.#levels += sign;
    const nodes = (this.#mixtures.get(mixture) ?? 0) + sign;
    if (nodes === 0) this.#mixtures.delete(mixture);
    else this.#mixtures.set(mixture, nodes);
  }
}

interface Removal<T> {
  readonly levels: readonly string[];
  readonly index: number;
  readonly value: T;
}

function isEmptyNode<T>({ children, here, below }: Node<T>): boolean {
  return children === undefined && here === undefined && below === undefined;
}

/**
 * Follows one topic through the nodes, with one recursive call for each node. An implementation that creates an
 * object for each node needs ten times as long.
 */
class Walk<T> {
  readonly #levels: readonly string[];
  readonly #visit: (value: T) => void;
  nodes = 0;

  constructor(levels: readonly string[], visit: (value: T) => void) {
    this.#levels = levels;
    this.#visit = visit;
  }

  /** Visits the values of the node, and of the nodes below that match the levels from `index` on. */
  from(node: Node<T>, index: number): void {
    this.nodes += 1;
    node.below?.forEach(this.#visit);
    const level = this.#levels[index];
    if (level === undefined) {
      node.here?.forEach(this.#visit);
      return;
    }
    const { children } = node;
    if (children === undefined) return;
    const literal = level === "+" ? undefined : children.get(level);
    if (literal !== undefined) this.from(literal, index + 1);
    const any = children.get("+");
    if (any !== undefined) this.from(any, index + 1);
  }
}
