import { hash } from "node:crypto";
import { PharosError } from "../../base/errors.js";
import { declaredFilterLimits } from "../../limits/filters.js";
import { templatePlace } from "../patterns/literal-prefix.js";
import type { Level } from "../patterns/literal-prefix.js";
import { countVarying, maxVaryingParts } from "../patterns/pattern.js";
import type { Part } from "../patterns/pattern.js";
import { matchesPattern } from "../patterns/pattern-matcher.js";
import type { Work } from "../patterns/pattern-matcher.js";
import { hasForbiddenCharacter, parseHubTopic, parseTopic } from "../topics/topic.js";
import type { Topic } from "../topics/topic.js";
import type { TopicUrls } from "../topics/topic-url.js";
import { parseUriTemplate } from "../patterns/uri-template.js";
import type { UrlPattern } from "../patterns/url-pattern.js";
import { urlPatternsFor } from "../patterns/url-pattern-cache.js";

const { filterBytes } = declaredFilterLimits;

/** Bounds a filter's share of the trie: 1,024 bytes could otherwise be 513 levels, each a node. */
export const maxFilterLevels = 64;

/**
 * What subscribers subscribe with.
 * - `exact`: the one topic, byte for byte
 * - `mqtt`: levels between slashes, `+` for any one level, a last `#` for any number of further ones
 * - `urlpattern`: a URL pattern, relative to the hub's URL like the topics that it is compared with
 * - `template`: what the URI template can be expanded to, and the topic that is written like it
 * - `all`: every topic, `$` topics included
 */
export type TopicFilter =
  | { readonly kind: "exact"; readonly text: string; readonly topic: Topic }
  | { readonly kind: "mqtt"; readonly text: string; readonly levels: readonly string[] }
  | PatternFilter
  | { readonly kind: "all"; readonly text: string };

/** A filter that is compared with each topic that begins like it. */
export type PatternFilter =
  | (PatternFacts & {
      readonly kind: "urlpattern";
      readonly pattern: UrlPattern;
      readonly urls: TopicUrls;
    })
  | (PatternFacts & { readonly kind: "template"; readonly parts: readonly Part[] });

interface PatternFacts {
  readonly text: string;
  /** What an index holds it under; undefined when it begins with nothing literal. */
  readonly place: readonly Level[] | undefined;
  /** How many of its parts vary. */
  readonly varying: number;
}

export const allTopics: TopicFilter = Object.freeze({ kind: "all", text: "*" });

/** Of Unicode's category Cf are joiners and marks that nobody sees [draft-dunglas-mercure-08, Matchers]. */
const invisible = /\p{Cf}/u;

/**
 * Takes any text as the one topic that is written like it; the hub's own topics are among them.
 *
 * @throws PharosError `bad-filter` when it is empty, `*`, too long, or holds a character that is not shown
 */
export function parseExactFilter(text: string, maxBytes = filterBytes.default): TopicFilter {
  checkVisible(text);
  return hubTopicFilter(text, maxBytes);
}

/**
 * Reads a URL pattern [WHATWG URL Pattern]; letters' case counts.
 *
 * @param options.baseUrl the hub's own URL, for patterns and topics that are relative
 * @throws PharosError `bad-filter` when it is none, has a regular expression without a linear-time form, more than 64
 *   wildcards and groups, or the text would be refused as a topic for its length or characters
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
 * Reads a topic selector of the older Mercure protocol: `*`, a URI template [RFC 6570] with an expression, or else the
 * one topic.
 *
 * @throws PharosError `bad-filter` when the template has too many variables, or the text would be refused as a topic
 *   for its length or characters
 */
export function parseTemplateFilter(text: string, maxBytes = filterBytes.default): TopicFilter {
  if (text === allTopics.text) return allTopics;
  checkText(text, maxBytes);
  const parts = parseUriTemplate(text);
  if (parts === undefined) return hubTopicFilter(text, maxBytes);
  const varying = countVarying(parts);
  if (varying > maxVaryingParts) {
    throw new PharosError("bad-filter", "this URI template has too many variables");
  }
  return { kind: "template", text, place: templatePlace(parts), varying, parts };
}

/**
 * Reads a filter in MQTT's form [MQTT 5.0, 4.7]. Without a wildcard it is an exact filter.
 *
 * @throws PharosError `bad-filter` when `#` is not alone in the last level, `+` is not alone in its level, there are
 *   more than 64 levels, or the text would be refused as a topic for its length or characters.
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
    throw new PharosError("bad-filter", `a topic filter may have at most ${maxBytes} bytes`);
  }
  if (hasForbiddenCharacter(text)) {
    throw new PharosError("bad-filter", "a topic filter must not hold control characters or invalid UTF-8");
  }
}

function checkVisible(text: string): void {
  if (invisible.test(text))
    throw new PharosError("bad-filter", "a topic filter must not hold format characters");
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
    throw new PharosError("bad-filter", `a topic filter may have at most ${maxFilterLevels} levels`);
  }
  for (const [index, level] of levels.entries()) {
    if (level.includes("#") && (level !== "#" || index !== levels.length - 1)) {
      throw new PharosError(
        "bad-filter",
        "# must stand alone in the last level of a topic filter, as in news/#",
      );
    }
    if (level.includes("+") && level !== "+") {
      throw new PharosError(
        "bad-filter",
        "+ must stand alone in its level of a topic filter, as in news/+/sport",
      );
    }
  }
}

/** True when `topic` is matched. One filter against one topic: the trie is for many. */
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

/** @param work counts on, for tests that bound it */
export function matchesTemplate(
  { text, parts }: PatternFilter & { readonly kind: "template" },
  topic: Topic,
  work?: Work,
): boolean {
  return text === topic || matchesPattern(parts, topic, work);
}

const lastSplit: { topic: string; levels: readonly string[] } = { topic: "", levels: [""] };

/** The last topic's levels are kept: many filters are asked about one topic before the next one comes. */
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

/** A name for a set of filters is no longer than this, in characters. */
const keyLength = 100;

/**
 * A stable name for a set of filters: order and repetition do not count. A long one is hashed: a stream's filters may have
 * 100 KB, which names would hold again and again.
 */
export function filterSetKey(filters: readonly TopicFilter[]): string {
  const key = JSON.stringify([...new Set(filters.map((filter) => `${filter.kind}:${filter.text}`))].sort());
  // No text in brackets is a hash.
  return key.length <= keyLength ? key : hash("sha256", key, "base64url");
}
