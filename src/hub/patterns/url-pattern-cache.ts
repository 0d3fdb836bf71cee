import { TopicUrls } from "../topics/topic-url.js";
import { UrlPattern } from "./url-pattern.js";

/** Patterns are kept by their text: to parse one takes 300 µs, and a crowd subscribes with the same. */
const maxKept = 10_000;

/** What URL patterns that are relative to one URL share. */
export class UrlPatternCache {
  readonly urls: TopicUrls;
  readonly #baseUrl: string;
  readonly #kept = new Map<string, UrlPattern>();

  constructor(baseUrl: string) {
    this.#baseUrl = baseUrl;
    this.urls = new TopicUrls(baseUrl);
  }

  /** @throws PharosError `bad-filter` as {@link UrlPattern} */
  parse(text: string): UrlPattern {
    const kept = this.#kept.get(text) ?? new UrlPattern(text, this.#baseUrl);
    // The one asked for last goes last.
    this.#kept.delete(text);
    this.#kept.set(text, kept);
    if (this.#kept.size > maxKept) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return kept;
  }
}

/** A process has one hub, tests have some: what they share stays as long as they do. */
const byBaseUrl = new Map<string, UrlPatternCache>();

/** The patterns relative to this URL, the hub's own. */
export function urlPatternsFor(baseUrl: string): UrlPatternCache {
  let patterns = byBaseUrl.get(baseUrl);
  if (patterns === undefined) {
    patterns = new UrlPatternCache(baseUrl);
    byBaseUrl.set(baseUrl, patterns);
  }
  return patterns;
}
