import { quoteValue } from "../../base/quote-value.js";
import { withOrigin } from "../patterns/literal-prefix.js";
import type { PatternFilter } from "./filter.js";
import { matchesTemplate } from "./filter.js";
import type { Work } from "../patterns/pattern-matcher.js";
import { PatternIndex } from "./pattern-index.js";
import type { Load } from "./pattern-index.js";
import { partsPerPattern } from "./filter-limits.js";
import type { FilterLimits } from "./filter-limits.js";
import { hasExpression, patternCost, placeName } from "./filter-cost.js";
import type { Topic } from "../topics/topic.js";
import type { TopicUrls } from "../topics/topic-url.js";
import { urlLevels } from "../patterns/url-pattern.js";

type UrlPatternFilter = PatternFilter & { readonly kind: "urlpattern" };
type TemplateFilter = PatternFilter & { readonly kind: "template" };

/**
 * Two costs in steps: of parsing a topic as a URL, and of comparing one pattern with a topic. The second cost does
 * not include the pattern's parts.
 */
const urlSteps = 150;
const patternSteps = 10;

/** The number of patterns of each limited kind. A pattern with a regular expression counts in two of the numbers. */
export interface PatternCounts {
  readonly withPrefix: number;
  readonly withoutPrefix: number;
  readonly expressions: number;
}

/** Maps URL patterns and templates to values. */
export class PatternFilters<T> {
  readonly #urls: TopicUrls;
  readonly #urlPatterns = new PatternIndex<UrlPatternFilter, T>();
  readonly #templates = new PatternIndex<TemplateFilter, T>();
  #size = 0;
  #expressions = 0;
  #levels = 0;
  #compared = 0;
  readonly #work: Work;
  readonly #limits: FilterLimits;

  /** @param options.work adds up the cost of matching */
  constructor(options: { readonly urls: TopicUrls; readonly work: Work; readonly limits: FilterLimits }) {
    this.#urls = options.urls;
    this.#work = options.work;
    this.#limits = options.limits;
  }

  get size(): number {
    return this.#size;
  }

  /** The number of patterns of each limited kind. */
  get counts(): PatternCounts {
    const { patterns: withoutPrefix } = this.#withoutPrefix;
    return { withPrefix: this.size - withoutPrefix, withoutPrefix, expressions: this.#expressions };
  }

  /** The cost of all patterns, as a number of levels of other filters. */
  get levels(): number {
    return this.#levels;
  }

  /** The number of comparisons of one pattern with one topic so far. */
  get compared(): number {
    return this.#compared;
  }

  add(filter: PatternFilter, value: T): void {
    const isNew =
      filter.kind === "urlpattern"
        ? this.#urlPatterns.add(filter, value)
        : this.#templates.add(filter, value);
    if (isNew) this.#weigh(filter, 1);
  }

  remove(filter: PatternFilter, value: T): void {
    const isGone =
      filter.kind === "urlpattern"
        ? this.#urlPatterns.remove(filter, value)
        : this.#templates.remove(filter, value);
    if (isGone) this.#weigh(filter, -1);
  }

  /** Calls `visit` for each value with a matching pattern. */
  match(topic: Topic, visit: (value: T) => void): void {
    if (this.#templates.size > 0) {
      this.#templates.candidates(withOrigin(topic.split("/")), (filter, values) => {
        this.#count();
        if (matchesTemplate(filter, topic, this.#work)) values.forEach(visit);
      });
    }
    if (this.#urlPatterns.size === 0) return;
    this.#work.steps += urlSteps;
    const url = this.#urls.parse(topic);
    if (url === undefined) return;
    this.#urlPatterns.candidates(urlLevels(url), (filter, values) => {
      this.#count();
      if (filter.pattern.matches(url, this.#work)) values.forEach(visit);
    });
  }

  #count(): void {
    this.#compared += 1;
    this.#work.steps += patternSteps;
  }

  /** The reason, for the client, why these patterns cannot be added; undefined if the patterns can be added. */
  refusalOf(filters: readonly PatternFilter[]): string | undefined {
    const added = new Map<string, PatternFilter>();
    for (const filter of filters) if (!this.#has(filter)) added.set(`${filter.kind} ${filter.text}`, filter);
    const check = new PatternCheck({
      limits: this.#limits,
      expressions: this.#expressions,
      held: (filter) =>
        filter.place === undefined ? this.#withoutPrefix : this.#indexOf(filter).loadAt(filter.place),
    });
    for (const filter of added.values()) {
      const refusal = check.add(filter);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  get #withoutPrefix(): Load {
    return sum(this.#urlPatterns.loadAt(undefined), this.#templates.loadAt(undefined));
  }

  #indexOf({ kind }: PatternFilter): PatternIndex<PatternFilter, T> | PatternIndex<UrlPatternFilter, T> {
    return kind === "urlpattern" ? this.#urlPatterns : this.#templates;
  }

  #has(filter: PatternFilter): boolean {
    return filter.kind === "urlpattern" ? this.#urlPatterns.has(filter) : this.#templates.has(filter);
  }

  #weigh(filter: PatternFilter, sign: 1 | -1): void {
    this.#size += sign;
    this.#levels += sign * patternCost(filter);
    if (hasExpression(filter)) this.#expressions += sign;
  }
}

function sum(a: Load, b: Load): Load {
  return { patterns: a.patterns + b.patterns, parts: a.parts + b.parts };
}

/** Checks the patterns of one request, together with the stored patterns, against the limits. */
class PatternCheck {
  readonly #limits: FilterLimits;
  readonly #held: (filter: PatternFilter) => Load;
  readonly #taken = new Map<string, Load>();
  #expressions: number;

  /** @param options.held the stored patterns at the place of a pattern */
  constructor(options: {
    readonly limits: FilterLimits;
    readonly expressions: number;
    readonly held: (filter: PatternFilter) => Load;
  }) {
    this.#limits = options.limits;
    this.#expressions = options.expressions;
    this.#held = options.held;
  }

  /**
   * Adds a pattern to the check. Returns the reason why this pattern and all earlier patterns together are not allowed.
   */
  add(filter: PatternFilter): string | undefined {
    if (hasExpression(filter)) this.#expressions += 1;
    const { alike, withoutPrefix, expressions } = this.#limits;
    if (this.#expressions > expressions)
      return `this hub has too many URL patterns with regular expressions (at most ${expressions}); use wildcards instead`;
    const place = placeName(filter);
    const load = sum(this.#taken.get(place) ?? this.#held(filter), { patterns: 1, parts: filter.varying });
    this.#taken.set(place, load);
    const limit = filter.place === undefined ? withoutPrefix : alike;
    if (load.patterns <= limit && load.parts <= limit * partsPerPattern) return undefined;
    const name = quoteValue(filter.text);
    const allowed = `at most ${limit}, with at most ${limit * partsPerPattern} wildcards, groups and variables in total`;
    return filter.place === undefined
      ? `this hub has too many patterns without a literal prefix (${allowed}); begin ${name} with a scheme, a host and path segments`
      : `this hub has too many patterns that begin like ${name} (${allowed}); begin the pattern with more literal segments`;
  }
}
