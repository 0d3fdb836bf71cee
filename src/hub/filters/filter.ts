import { hash } from "node:crypto";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import { declaredFilterLimits } from "../../limits/filters.js";
import { templatePlace } from "../patterns/literal-prefix.js";
import type { Level } from "../patterns/literal-prefix.js";
import { countVarying, maxVaryingParts } from "../patterns/pattern.js";
import type { Part } from "../patterns/pattern.js";
import { matchesPattern } from "../patterns/pattern-matcher.js";
import type { Work } from "../patterns/pattern-matcher.js";
import { hasForbiddenCharacter, hasFormatCharacter, parseHubTopic, parseTopic } from "../topics/topic.js";
import type { Topic } from "../topics/topic.js";
import type { TopicUrls } from "../topics/topic-url.js";
import { parseUriTemplate } from "../patterns/uri-template.js";
import type { UrlPattern } from "../patterns/url-pattern.js";
import { urlPatternsFor } from "../patterns/url-pattern-cache.js";

const { filterBytes } = declaredFilterLimits;

/** Limits a filter's nodes in the trie: otherwise a filter of 1,024 bytes can have 513 levels, one node each. */
const maxFilterLevels = 64;

/**
 * A filter that a subscriber names.
 * - `exact`: one topic, byte for byte
 * - `mqtt`: levels between slashes; `+` matches exactly one level, a final `#` matches any number of further levels
 * - `urlpattern`: a URL pattern, relative to the hub's URL, as topics are
 * - `template`: a URI template; matches all expansions of the template, and the topic that equals the template's text
 * - `all`: every topic, `$` topics included
 */
export type TopicFilter =
  | { readonly kind: "exact"; readonly text: string; readonly topic: Topic }
  | { readonly kind: "mqtt"; readonly text: string; readonly levels: readonly string[] }
  | PatternFilter
  | { readonly kind: "all"; readonly text: string };

/** A pattern. The hub compares a pattern with each topic that begins like the pattern. */
export type PatternFilter =
  | (PatternFacts & {
      readonly kind: "urlpattern";
      readonly pattern: UrlPattern;
      readonly urls: TopicUrls;
    })
  | (PatternFacts & { readonly kind: "template"; readonly parts: readonly Part[] });

interface PatternFacts {
  readonly text: string;
  /** The levels under which an index holds the pattern; undefined if the pattern does not begin with literal text. */
  readonly place: readonly Level[] | undefined;
  /** The number of varying parts of the pattern. */
  readonly varying: number;
}

export const allTopics: TopicFilter = Object.freeze({ kind: "all", text: "*" });

/**
 * Returns the filter that matches only the topic with this text. The topic may be one of the hub's own topics.
 *
 * @throws PharosError `bad-filter` if the text is empty, `*`, too long, or holds an invisible character
 */
export function parseExactFilter(text: string, maxBytes = filterBytes.default): TopicFilter {
  checkVisible(text);
  return hubTopicFilter(text, maxBytes);
}

/**
 * Reads a case-sensitive URL pattern [WHATWG URL Pattern].
 *
 * @param options.baseUrl the hub's own URL, for relative patterns and topics
 * @throws PharosError `bad-filter` if the pattern
 * - is malformed
 * - has a regular expression without a linear-time form
 * - has more than 64 wildcards and groups
 * - breaks the limits on length or characters of topics
 */
export function parseUrlPatternFilter(
  text: string,
  options: { readonly baseUrl: string; readonly maxBytes?: number },
): TopicFilter {
  checkText(text, options.maxBytes ?? filterBytes.default);
  checkVisible(text);
  const patterns = urlPatternsFor(options.baseUrl);
  const pattern = patterns.parse(text);
  const { place, varying } = pattern;
  return { kind: "urlpattern", text, place, varying, pattern, urls: patterns.urls };
}

/**
 * Reads a topic selector of the older Mercure protocol: `*`, a URI template [RFC 6570] with an expression, or one
 * topic.
 *
 * @throws PharosError `bad-filter` if the template has too many variables, or breaks the limits on length or characters
 *   of topics
 */
export function parseTemplateFilter(text: string, maxBytes = filterBytes.default): TopicFilter {
  if (text === allTopics.text) return allTopics;
  checkText(text, maxBytes);
  const parts = parseUriTemplate(text);
  if (parts === undefined) return hubTopicFilter(text, maxBytes);
  const varying = countVarying(parts);
  if (varying > maxVaryingParts) {
    throw new PharosError(
      "bad-filter",
      `a URI template may have at most ${maxVaryingParts} variables, not ${varying}`,
    );
  }
  return { kind: "template", text, place: templatePlace(parts), varying, parts };
}

/**
 * Reads an MQTT filter [MQTT 5.0, 4.7]. A text without a wildcard becomes an exact filter.
 *
 * @throws PharosError `bad-filter` if
 * - `#` is not alone in the last level
 * - `+` is not alone in its level
 * - the filter has more than 64 levels
 * - the filter breaks the limits on length or characters of topics
 */
export function parseMqttFilter(text: string, maxBytes = filterBytes.default): TopicFilter {
  checkText(text, maxBytes);
  if (!text.includes("+") && !text.includes("#")) return topicFilter(text, () => parseTopic(text, maxBytes));
  const levels = text.split("/");
  checkLevels(levels);
  return { kind: "mqtt", text, levels };
}

function checkText(text: string, maxBytes: number): void {
  if (text === "") throw new PharosError("bad-filter", "a topic filter must not be empty");
  if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes) {
    throw new PharosError(
      "bad-filter",
      `a topic filter may have at most ${maxBytes} bytes, not ${Buffer.byteLength(text)}`,
    );
  }
  if (hasForbiddenCharacter(text)) {
    throw new PharosError(
      "bad-filter",
      `the topic filter ${quoteValue(text)} holds control characters or invalid UTF-8, which are not allowed`,
    );
  }
}

function checkVisible(text: string): void {
  if (hasFormatCharacter(text))
    throw new PharosError(
      "bad-filter",
      `the topic filter ${quoteValue(text)} holds a format character (Unicode category Cf), which is not allowed`,
    );
}

function hubTopicFilter(text: string, maxBytes: number): TopicFilter {
  return topicFilter(text, () => parseHubTopic(text, maxBytes));
}

function topicFilter(text: string, parse: () => Topic): TopicFilter {
  try {
    return { kind: "exact", text, topic: parse() };
  } catch (error) {
    throw new PharosError("bad-filter", `this filter can match no topic: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function checkLevels(levels: readonly string[]): void {
  if (levels.length > maxFilterLevels) {
    throw new PharosError(
      "bad-filter",
      `a topic filter may have at most ${maxFilterLevels} levels, not ${levels.length}`,
    );
  }
  for (const [index, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || index !== levels.length - 1)) {
      throw new PharosError(
        "bad-filter",
        `# must stand alone in the last level of a topic filter, as in news/#, not as in ${quoteValue(levels.join("/"))}`,
      );
    }
    if (level.includes("+") && level !== "+") {
      throw new PharosError(
        "bad-filter",
        `+ must stand alone in its level of a topic filter, as in news/+/sport, not as in ${quoteValue(levels.join("/"))}`,
      );
    }
  }
}

/** True if the filter matches the topic. For many filters use {@link FilterTrie}. */
export function matchesFilter(filter: TopicFilter, topic: Topic): boolean {
  switch (filter.kind) {
    case "exact":
      return filter.topic === topic;
    case "all":
      return true;
    case "mqtt":
      return matchesLevels(filter.levels, topic);
    case "urlpattern":
      return matchesUrlPattern(filter, topic);
    case "template":
      return matchesTemplate(filter, topic);
    default:
      return filter satisfies never;
  }
}

function matchesUrlPattern(
  { urls, pattern }: PatternFilter & { readonly kind: "urlpattern" },
  topic: Topic,
): boolean {
  const url = urls.parse(topic);
  return url !== undefined && pattern.matches(url);
}

/** @param work adds up the cost, for tests that limit it */
export function matchesTemplate(
  { text, parts }: PatternFilter & { readonly kind: "template" },
  topic: Topic,
  work?: Work,
): boolean {
  return text === topic || matchesPattern(parts, topic, work);
}

const lastSplit: { topic: string; levels: readonly string[] } = { topic: "", levels: [""] };

/**
 * Returns a topic's levels and keeps the last result: the hub compares many filters with one topic before the next
 * topic.
 */
function levelsOfTopic(topic: Topic): readonly string[] {
  if (lastSplit.topic !== topic) {
    lastSplit.topic = topic;
    lastSplit.levels = topic.split("/");
  }
  return lastSplit.levels;
}

/** A wildcard in the first level matches no topic that begins with `$` [MQTT 5.0, 4.7.2]; `a/#` matches `a` too [4.7.1.2]. */
function matchesLevels(filter: readonly string[], topic: Topic): boolean {
  if (topic.startsWith("$") && (filter[0] === "+" || filter[0] === "#")) return false;
  const levels = levelsOfTopic(topic);
  for (const [index, level] of filter.entries()) {
    if (level === "#") return true;
    if (index >= levels.length) return false;
    if (level !== "+" && level !== levels[index]) return false;
  }
  return filter.length === levels.length;
}

/** The longest name that is not hashed, in characters. */
const keyLength = 100;

/**
 * A name for a set of filters. Lists that differ only in order or repetition have the same name. A long name is hashed:
 * a stream's filters can be 100 KB long, and several maps hold the name.
 */
export function filterSetKey(filters: readonly TopicFilter[]): string {
  const key = JSON.stringify([...new Set(filters.map((filter) => `${filter.kind}:${filter.text}`))].sort());
  // A hash never begins with a bracket, so a hash never equals a name that is not hashed.
  return key.length <= keyLength ? key : hash("sha256", key, "base64url");
}
