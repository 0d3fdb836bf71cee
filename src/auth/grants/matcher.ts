import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import {
  allTopics,
  matchesFilter,
  parseExactFilter,
  parseMqttFilter,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../hub/filters/filter.js";
import { hasFormatCharacter, parseHubTopic, type Topic } from "../../hub/topics/topic.js";

/** The match types of the current form. `mqtt` is an extension of this hub. */
export const matchTypes = ["exact", "urlpattern", "mqtt"] as const;
export type MatchType = (typeof matchTypes)[number];

/** True for one of {@link matchTypes}; case-sensitive. */
export function isMatchType(value: unknown): value is MatchType {
  return matchTypes.some((type) => type === value);
}

/** The settings for parsing the matchers of one token. */
export interface MatcherContext {
  /** The base URL for relative URL patterns. */
  readonly hubUrl: string;
  readonly filterBytes: number;
}

/**
 * Parses a matcher of the current form. `*` matches every topic, whatever the matcher's type
 * [draft-dunglas-mercure-08 l.274-280].
 *
 * @throws PharosError `bad-filter` when the matcher is not valid for its type
 */
export function parseMatcher(
  { text, type }: { readonly text: string; readonly type: MatchType },
  { hubUrl, filterBytes }: MatcherContext,
): TopicFilter {
  if (hasFormatCharacter(text))
    throw new PharosError(
      "bad-filter",
      `the matcher ${quoteValue(text)} holds a format character (Unicode category Cf), which is not allowed`,
    );
  if (text === "*") return allTopics;
  switch (type) {
    case "exact":
      return parseExactFilter(text, filterBytes);
    case "urlpattern":
      return parseUrlPatternFilter(text, { baseUrl: hubUrl, maxBytes: filterBytes });
    case "mqtt":
      return parseMqttFilter(text, filterBytes);
    default:
      return type satisfies never;
  }
}

/**
 * Parses a topic selector of the older form: `*`, a URI template, or a topic.
 *
 * @throws PharosError `bad-filter` when the selector is malformed
 */
export function parseSelector(text: string, { filterBytes }: MatcherContext): TopicFilter {
  return parseTemplateFilter(text, filterBytes);
}

/** True if one of the filters matches the text of a subscription's matcher, read as a topic. */
export function matchesMatcher(filters: readonly TopicFilter[], matcher: string): boolean {
  const topic = asTopic(matcher);
  return filters.some(
    (filter) => filter.kind === "all" || (topic !== undefined && matchesFilter(filter, topic)),
  );
}

/** The text of a matcher as a topic; undefined for `*`, which is not a topic. */
function asTopic(matcher: string): Topic | undefined {
  try {
    return parseHubTopic(matcher, Number.POSITIVE_INFINITY);
  } catch {
    return undefined;
  }
}
