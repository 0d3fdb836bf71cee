import { TopicUrls } from "../topics/topic-url.js";
import { UrlPattern } from "./url-pattern.js";

/**
 * The largest number of parsed patterns in the cache. Parsing takes 300 µs, and many clients subscribe with the same
 * pattern.
 */
const maxKept = 10_000;

/** A cache of the parsed URL patterns that are relative to one URL. */
class UrlPatternCache {
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
    // Moves the pattern to the end, so that the cache removes it last.
    this.#kept.delete(text);
    this.#kept.set(text, kept);
    if (this.#kept.size > maxKept) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return kept;
  }
}

/** The caches by base URL. This map is never cleared: a process has one hub, and tests have a few hubs. */
const byBaseUrl = new Map<string, UrlPatternCache>();

/** The cache of patterns relative to the hub's own URL. */
export function urlPatternsFor(baseUrl: string): UrlPatternCache {
  let patterns = byBaseUrl.get(baseUrl);
  if (patterns === undefined) {
    patterns = new UrlPatternCache(baseUrl);
    byBaseUrl.set(baseUrl, patterns);
  }
  return patterns;
}
