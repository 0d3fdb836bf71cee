import { TopicUrls } from "../topics/topic-url.js";
import { UrlPattern } from "./url-pattern.js";

/** Parsed patterns are kept by their text: parsing takes 300 µs, and many clients subscribe with the same. */
const maxKept = 10_000;

/** The parsed URL patterns that are relative to one URL. */
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
    // Moves the last used to the end, so that it is removed last.
    this.#kept.delete(text);
    this.#kept.set(text, kept);
    if (this.#kept.size > maxKept) {
      const [oldest] = this.#kept.keys();
      if (oldest !== undefined) this.#kept.delete(oldest);
    }
    return kept;
  }
}

/** Never cleared: a process has one hub, and tests have a few. */
const byBaseUrl = new Map<string, UrlPatternCache>();

/** The cache of patterns relative to this URL, the hub's own. */
export function urlPatternsFor(baseUrl: string): UrlPatternCache {
  let patterns = byBaseUrl.get(baseUrl);
  if (patterns === undefined) {
    patterns = new UrlPatternCache(baseUrl);
    byBaseUrl.set(baseUrl, patterns);
  }
  return patterns;
}
