import { withOrigin } from "./beginning.js";
import type { PatternFilter } from "./filter.js";
import { matchesTemplate } from "./filter.js";
import { PatternIndex } from "./pattern-index.js";
import type { Topic } from "./topic.js";
import type { TopicUrls } from "./topic-url.js";
import { urlLevels } from "./url-pattern.js";

type UrlPatternFilter = PatternFilter & { readonly kind: "urlpattern" };
type TemplateFilter = PatternFilter & { readonly kind: "template" };

/**
 * How many patterns a hub may hold that a publication is compared with one by one. With 42 places for each of two kinds
 * a publication's topic is compared with at most 9,400, however many there are.
 */
export const patternLimits = Object.freeze({
  /** Patterns that begin alike: same host, same first segments of the path. */
  atOnePlace: 100,
  /** Patterns that begin with nothing literal, of both kinds together. */
  withoutBeginning: 1000,
  /** URL patterns with a regular expression: each may take 8 MB while it is used. */
  withExpression: 1000,
});

/** What a held pattern weighs beside its parts, in levels of other filters: some 2 KB. */
const patternLevels = 4;

/** URL patterns and templates with what is held under them. */
export class FilterPatterns<T> {
  readonly #urls: TopicUrls;
  readonly #urlPatterns = new PatternIndex<UrlPatternFilter, T>();
  readonly #templates = new PatternIndex<TemplateFilter, T>();
  #expressions = 0;
  #levels = 0;
  #compared = 0;

  constructor(urls: TopicUrls) {
    this.#urls = urls;
  }

  get size(): number {
    return this.#urlPatterns.size + this.#templates.size;
  }

  /** What they weigh, in levels of other filters. */
  get levels(): number {
    return this.#levels;
  }

  /** How many comparisons of one pattern with one topic there were. */
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
        this.#compared += 1;
        if (matchesTemplate(filter, topic)) values.forEach(visit);
      });
    }
    if (this.#urlPatterns.size === 0) return;
    const url = this.#urls.parse(topic);
    if (url === undefined) return;
    this.#urlPatterns.candidates(urlLevels(url), (filter, values) => {
      this.#compared += 1;
      if (filter.pattern.matches(url)) values.forEach(visit);
    });
  }

  /** Why these patterns cannot be held beside what is held now, in words for their sender; undefined when they can. */
  refusalOf(filters: readonly PatternFilter[]): string | undefined {
    const coming = new Map<string, PatternFilter>();
    for (const filter of filters) if (!this.#has(filter)) coming.set(`${filter.kind} ${filter.text}`, filter);
    const room = new PatternRoom({
      everywhere: this.#urlPatterns.everywhere + this.#templates.everywhere,
      expressions: this.#expressions,
      beside: (filter) =>
        filter.kind === "urlpattern"
          ? this.#urlPatterns.countBeside(filter)
          : this.#templates.countBeside(filter),
    });
    for (const filter of coming.values()) {
      const refusal = room.take(filter);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #has(filter: PatternFilter): boolean {
    return filter.kind === "urlpattern" ? this.#urlPatterns.has(filter) : this.#templates.has(filter);
  }

  #weigh(filter: PatternFilter, sign: 1 | -1): void {
    this.#levels += sign * (patternLevels + filter.varying);
    if (filter.kind === "urlpattern" && filter.pattern.hasExpression) this.#expressions += sign;
  }
}

/** Counts patterns of one request on top of those that are held. */
class PatternRoom {
  #everywhere: number;
  #expressions: number;
  readonly #beside: (filter: PatternFilter) => number;
  readonly #places = new Map<string, number>();

  constructor(held: {
    readonly everywhere: number;
    readonly expressions: number;
    readonly beside: (filter: PatternFilter) => number;
  }) {
    this.#everywhere = held.everywhere;
    this.#expressions = held.expressions;
    this.#beside = held.beside;
  }

  take(filter: PatternFilter): string | undefined {
    const { atOnePlace, withoutBeginning, withExpression } = patternLimits;
    if (filter.kind === "urlpattern" && filter.pattern.hasExpression) {
      this.#expressions += 1;
      if (this.#expressions > withExpression)
        return `this hub holds ${withExpression} URL patterns with regular expressions, and takes no further one`;
    }
    if (filter.place === undefined) {
      this.#everywhere += 1;
      if (this.#everywhere <= withoutBeginning) return undefined;
      return `this hub holds ${withoutBeginning} patterns without a literal prefix, and takes no further one: let ${JSON.stringify(filter.text)} begin with a scheme, a host and the first segments of a path`;
    }
    const place = JSON.stringify([
      filter.kind,
      ...filter.place.map((level) => (typeof level === "string" ? level : null)),
    ]);
    const count = (this.#places.get(place) ?? this.#beside(filter)) + 1;
    this.#places.set(place, count);
    if (count <= atOnePlace) return undefined;
    return `this hub holds ${atOnePlace} patterns that begin like ${JSON.stringify(filter.text)}, and takes no further one: let it begin with more literal segments`;
  }
}
