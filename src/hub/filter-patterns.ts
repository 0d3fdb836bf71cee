import { withOrigin } from "./beginning.js";
import type { PatternFilter } from "./filter.js";
import { matchesTemplate } from "./filter.js";
import type { Work } from "./parts-match.js";
import { PatternIndex } from "./pattern-index.js";
import type { Load } from "./pattern-index.js";
import type { Topic } from "./topic.js";
import type { TopicUrls } from "./topic-url.js";
import { urlLevels } from "./url-pattern.js";

type UrlPatternFilter = PatternFilter & { readonly kind: "urlpattern" };
type TemplateFilter = PatternFilter & { readonly kind: "template" };

/**
 * What a hub may hold of patterns that a publication is compared with one by one. With 42 places for each of two kinds a
 * publication's topic is compared with at most 9,400 patterns with 28,200 parts that vary, however many there are.
 */
export const patternLimits = Object.freeze({
  /** Patterns that begin alike: same host, same first segments of the path. Three parts that vary for each. */
  atOnePlace: { patterns: 100, parts: 300 },
  /** Patterns that begin with nothing literal, of both kinds together. */
  withoutBeginning: { patterns: 1000, parts: 3000 },
  /** URL patterns with a regular expression: each may take 8 MB while it is used. */
  withExpression: 1000,
});

/** What a held pattern weighs beside its parts, in levels of other filters: some 2 KB. */
const patternLevels = 4;

/** What a topic costs that is read as a URL, and each pattern before its parts are looked at. */
const urlSteps = 150;
const patternSteps = 10;

/** URL patterns and templates with what is held under them. */
export class FilterPatterns<T> {
  readonly #urls: TopicUrls;
  readonly #urlPatterns = new PatternIndex<UrlPatternFilter, T>();
  readonly #templates = new PatternIndex<TemplateFilter, T>();
  #expressions = 0;
  #levels = 0;
  #compared = 0;
  readonly #work: Work;

  /** @param work counts on what matching costs */
  constructor(urls: TopicUrls, work: Work) {
    this.#urls = urls;
    this.#work = work;
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

  /** Why these patterns cannot be held beside what is held now, in words for their sender; undefined when they can. */
  refusalOf(filters: readonly PatternFilter[]): string | undefined {
    const coming = new Map<string, PatternFilter>();
    for (const filter of filters) if (!this.#has(filter)) coming.set(`${filter.kind} ${filter.text}`, filter);
    const room = new PatternRoom(this.#expressions, (filter) => {
      if (filter.place !== undefined) return this.#indexOf(filter).loadAt(filter.place);
      return sum(this.#urlPatterns.loadAt(undefined), this.#templates.loadAt(undefined));
    });
    for (const filter of coming.values()) {
      const refusal = room.take(filter);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #indexOf({ kind }: PatternFilter): PatternIndex<PatternFilter, T> | PatternIndex<UrlPatternFilter, T> {
    return kind === "urlpattern" ? this.#urlPatterns : this.#templates;
  }

  #has(filter: PatternFilter): boolean {
    return filter.kind === "urlpattern" ? this.#urlPatterns.has(filter) : this.#templates.has(filter);
  }

  #weigh(filter: PatternFilter, sign: 1 | -1): void {
    this.#levels += sign * (patternLevels + filter.varying);
    if (hasExpression(filter)) this.#expressions += sign;
  }
}

function hasExpression(filter: PatternFilter): boolean {
  return filter.kind === "urlpattern" && filter.pattern.hasExpression;
}

function sum(a: Load, b: Load): Load {
  return { patterns: a.patterns + b.patterns, parts: a.parts + b.parts };
}

/** Adds the patterns of one request to those that are held. */
class PatternRoom {
  readonly #held: (filter: PatternFilter) => Load;
  readonly #taken = new Map<string, Load>();
  #expressions: number;

  /** @param held what there is already where a pattern goes */
  constructor(expressions: number, held: (filter: PatternFilter) => Load) {
    this.#expressions = expressions;
    this.#held = held;
  }

  /** Why there is no room for this one. */
  take(filter: PatternFilter): string | undefined {
    if (hasExpression(filter)) this.#expressions += 1;
    if (this.#expressions > patternLimits.withExpression)
      return "this hub takes no further URL pattern with a regular expression: write it with wildcards";
    const place = placeName(filter);
    const load = sum(this.#taken.get(place) ?? this.#held(filter), { patterns: 1, parts: filter.varying });
    this.#taken.set(place, load);
    const limit = filter.place === undefined ? patternLimits.withoutBeginning : patternLimits.atOnePlace;
    if (load.patterns <= limit.patterns && load.parts <= limit.parts) return undefined;
    const name = JSON.stringify(filter.text);
    return filter.place === undefined
      ? `this hub holds too many patterns without a literal prefix (at most ${limit.patterns}): let ${name} begin with a scheme, a host and the first segments of a path`
      : `this hub holds too many patterns that begin like ${name} (at most ${limit.patterns}): let it begin with more literal segments`;
  }
}

function placeName({ kind, place }: PatternFilter): string {
  if (place === undefined) return "";
  return JSON.stringify([kind, ...place.map((level) => (typeof level === "string" ? level : null))]);
}
