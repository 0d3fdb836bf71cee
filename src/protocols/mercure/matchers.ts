import { PharosError } from "../../base/errors.js";
import type { TopicFilter } from "../../hub/filters/filter.js";
import {
  allTopics,
  parseExactFilter,
  parseMqttFilter,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../hub/filters/filter.js";
import type { Matcher } from "../../presence/subscriber.js";
import { refuseDotSegment } from "../../gateway/streams/dot-segments.js";
import { refuseFormatCharactersInMatcher } from "./format-characters.js";
import type { NameValuePairs } from "../../gateway/http/query.js";
import type { TurnBudget } from "../../base/turn-budget.js";

export interface MatcherOptions {
  /** What relative URL patterns and topics are resolved against. */
  readonly hubUrl: string;
  readonly filtersPerConnection: number;
  readonly filterBytes: number;
  /** Divides the parsing of many, of all subscribers together. */
  readonly turnBudget: TurnBudget;
}

/** Which form of the protocol a subscriber speaks, and what it subscribes to. */
export interface Matchers {
  readonly form: "current" | "older";
  readonly filters: readonly TopicFilter[];
  /** The same in the subscriber's words, for others who may see them. */
  readonly matchers: readonly Matcher[];
}

type Parse = (text: string, options: MatcherOptions) => TopicFilter;

/** The matcher types that are announced; `mqtt` is this hub's own. */
const matcherTypes: Readonly<Record<string, Parse>> = Object.freeze({
  match: (text, { filterBytes }) => parseExactFilter(text, filterBytes),
  match_exact: (text, { filterBytes }) => parseExactFilter(text, filterBytes),
  match_urlpattern: (text, { hubUrl, filterBytes }) =>
    parseUrlPatternFilter(text, { baseUrl: hubUrl, maxBytes: filterBytes }),
  match_mqtt: (text, { filterBytes }) => parseMqttFilter(text, filterBytes),
});

/**
 * Reads what a subscriber wants from its parameters: `match…` in the current form [draft-dunglas-mercure-08 l.135-185],
 * `topic` in the older one [draft-07]. Not both: what is one of them to one hub is nothing to another.
 *
 * @throws PharosError `bad-request` for no matcher, both forms, or a name that begins like one of the current form;
 *   `bad-filter` for a malformed value or too many, then or later
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
  // Before any is parsed: the body of one QUERY can hold 40,000 URL patterns, each of which takes 300 µs.
  if (wanted.length > options.filtersPerConnection) {
    throw new PharosError("bad-filter", `a stream may have at most ${options.filtersPerConnection} matchers`);
  }
  checkExpressions(wanted);
  const parse = ([name, value]: NameValuePairs[number]): TopicFilter =>
    form === "current" ? parseMatcher(name, value, options) : parseSelector(value, options);
  const finish = (filters: readonly TopicFilter[]): Matchers => ({
    form,
    filters: distinct(filters),
    matchers: eachOnce(
      wanted.map(([name, text], index) => ({
        type: form === "current" ? typeOf(name) : olderTypeOf(filters[index]),
        text,
      })),
    ),
  });
  return wanted.length <= parsedAtOnce
    ? finish(wanted.map(parse))
    : parseInTurns(wanted, parse, options.turnBudget).then(finish);
}

async function parseInTurns(
  wanted: NameValuePairs,
  parse: (pair: NameValuePairs[number]) => TopicFilter,
  turnBudget: TurnBudget,
): Promise<readonly TopicFilter[]> {
  const filters: TopicFilter[] = [];
  for (const pair of wanted) {
    await turnBudget.pauseIfUsedUp();
    filters.push(parse(pair));
  }
  return filters;
}

/** So many are parsed in one turn: a URL pattern takes 300 µs, one with a regular expression 1.5 ms. */
const parsedAtOnce = 10;

/** Of one stream. */
const mostExpressions = 10;

/** Regular expressions stand in parentheses [URL Pattern, 2.1]. */
function checkExpressions(wanted: NameValuePairs): void {
  const count = wanted.filter(([name, text]) => name === "match_urlpattern" && text.includes("(")).length;
  if (count <= mostExpressions) return;
  throw new PharosError(
    "bad-filter",
    `a stream may have at most ${mostExpressions} URL patterns with regular expressions`,
  );
}

/** The type that a parameter names; `match` alone is exact. */
function typeOf(name: string): string {
  return name === "match" ? "exact" : name.slice("match_".length);
}

/** The current form has no name for selectors that are URI templates. */
function olderTypeOf(filter: TopicFilter | undefined): string {
  return filter?.kind === "template" ? "template" : "exact";
}

function parseMatcher(name: string, value: string, options: MatcherOptions): TopicFilter {
  const parse = Object.hasOwn(matcherTypes, name) ? matcherTypes[name] : undefined;
  if (parse === undefined) {
    const known = Object.keys(matcherTypes).join(", ");
    throw new PharosError("bad-request", `${JSON.stringify(name)} is no matcher; there are ${known}`);
  }
  checkText(value);
  return value === "*" ? allTopics : parse(value, options);
}

function parseSelector(value: string, { filterBytes }: MatcherOptions): TopicFilter {
  checkText(value);
  return parseTemplateFilter(value, filterBytes);
}

/** What is refused in a matcher of any type. */
function checkText(value: string): void {
  refuseFormatCharactersInMatcher(value);
  refuseDotSegment(value);
}

function eachOnce<T>(items: readonly T[]): readonly T[] {
  return [...new Map(items.map((item) => [JSON.stringify(item), item])).values()];
}

function distinct(filters: readonly TopicFilter[]): readonly TopicFilter[] {
  return [...new Map(filters.map((filter) => [`${filter.kind}:${filter.text}`, filter])).values()];
}
