import type { MatcherContext, MatchType } from "../../auth/grants/matcher.js";
import { parseMatcher, parseSelector } from "../../auth/grants/matcher.js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import type { Matcher } from "../../presence/subscriber.js";
import { refuseDotSegment } from "../../gateway/streams/stream-query.js";
import { refuseFormatCharactersInMatcher } from "./format-characters.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import type { StreamSettings } from "../../gateway/streams/stream-start.js";
import type { TurnBudget } from "../../base/turn-budget.js";

export interface MatcherOptions extends Pick<MatcherContext, "hubUrl"> {
  /** Read at each use. */
  readonly limits: Pick<StreamSettings, "filtersPerConnection" | "filterBytes">;
  /** The budget of time for parsing in each turn of the event loop. All subscribers share this budget. */
  readonly turnBudget: TurnBudget;
}

/** The filters of a subscriber, and the form of the protocol that the subscriber uses. */
export interface Matchers {
  readonly form: "current" | "older";
  readonly filters: readonly TopicFilter[];
  /** The filters as the subscriber wrote them, for presence. */
  readonly matchers: readonly Matcher[];
}

/** The match type of each parameter. `mqtt` is an extension of this hub. */
const parameterTypes: Readonly<Record<string, MatchType>> = Object.freeze({
  match: "exact",
  match_exact: "exact",
  match_urlpattern: "urlpattern",
  match_mqtt: "mqtt",
});

/**
 * Parses the matchers of a subscriber from its parameters: `match…` in the current form [draft-dunglas-mercure-08
 * l.135-185], `topic` in the older form [draft-07]. A request with both forms is an error: other hubs would ignore
 * one of the forms.
 *
 * @throws PharosError, or rejects with one: `bad-request` for no matcher, for both forms, and for an unknown
 *   parameter that begins with `match`; `bad-filter` for a malformed matcher, or too many
 */
export function parseMatchers(pairs: NameValuePairs, options: MatcherOptions): Matchers | Promise<Matchers> {
  const current = pairs.filter(([name]) => name.toLowerCase().startsWith("match"));
  const older = pairs.filter(([name]) => name === "topic");
  if (current.length > 0 && older.length > 0) {
    throw new PharosError("bad-request", "use either match parameters or topic parameters, not both");
  }
  if (current.length + older.length === 0) {
    throw new PharosError("bad-request", 'missing "match" subscription parameter');
  }
  const form = current.length > 0 ? "current" : "older";
  const wanted = eachOnce(form === "current" ? current : older);
  // Check the number before parsing. The body of one QUERY request can contain 40,000 URL patterns, and parsing needs
  // 300 µs for each.
  const { filtersPerConnection } = options.limits;
  if (wanted.length > filtersPerConnection) {
    throw new PharosError(
      "bad-filter",
      `a stream may have at most ${filtersPerConnection} matchers, not ${wanted.length}`,
    );
  }
  checkExpressions(wanted);
  const parse = ([name, value]: NameValuePairs[number]): TopicFilter =>
    form === "current" ? currentFilter(name, value, options) : olderFilter(value, options);
  const finish = (filters: readonly TopicFilter[]): Matchers => ({
    form,
    filters: distinct(filters),
    matchers: eachOnce(
      wanted.map(([name, text], index) => ({
        type: form === "current" ? (parameterTypes[name] ?? "exact") : olderTypeOf(filters[index]),
        text,
      })),
    ),
  });
  return wanted.length <= mostParsedAtOnce
    ? finish(wanted.map(parse))
    : options.turnBudget.map(wanted, parse).then(finish);
}

/** The most matchers to parse in one go. A URL pattern needs 300 µs, a pattern with a regular expression 1.5 ms. */
const mostParsedAtOnce = 10;

/** The most URL patterns with regular expressions in one stream. */
const mostExpressions = 10;

/**
 * Limits the number of regular expressions. In a URL pattern, parentheses enclose a regular expression [URL Pattern,
 * 2.1].
 */
function checkExpressions(wanted: NameValuePairs): void {
  const count = wanted.filter(([name, text]) => name === "match_urlpattern" && text.includes("(")).length;
  if (count <= mostExpressions) return;
  throw new PharosError(
    "bad-filter",
    `a stream may have at most ${mostExpressions} URL patterns with regular expressions, not ${count}`,
  );
}

/** The type of an older filter, as presence events name it. The current form has no type for URI templates. */
function olderTypeOf(filter: TopicFilter | undefined): string {
  return filter?.kind === "template" ? "template" : "exact";
}

function currentFilter(name: string, text: string, options: MatcherOptions): TopicFilter {
  const type = Object.hasOwn(parameterTypes, name) ? parameterTypes[name] : undefined;
  if (type === undefined) {
    const known = Object.keys(parameterTypes).join(", ");
    throw new PharosError(
      "bad-request",
      `${quoteValue(name)} is not a matcher parameter; allowed are ${known}`,
    );
  }
  refuseDotSegment(text);
  return parseMatcher({ text, type }, contextOf(options));
}

function olderFilter(text: string, options: MatcherOptions): TopicFilter {
  refuseFormatCharactersInMatcher(text);
  refuseDotSegment(text);
  return parseSelector(text, contextOf(options));
}

function contextOf({ hubUrl, limits }: MatcherOptions): MatcherContext {
  return { hubUrl, filterBytes: limits.filterBytes };
}

function eachOnce<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function distinct(filters: readonly TopicFilter[]): readonly TopicFilter[] {
  return [...new Map(filters.map((filter) => [`${filter.kind}:${filter.text}`, filter])).values()];
}
