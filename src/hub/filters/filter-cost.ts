import type { PatternFilter, TopicFilter } from "./filter.js";

/** What a held pattern weighs beside its parts, in levels of other filters: some 2 KB. */
const patternLevels = 4;

/** What a filter holds beside its text, in bytes: itself, and its place among the hub's. Measured: 290. */
const filterBytes = 300;

/**
 * What a stream's filters hold of memory, in bytes; wildcards and patterns hold more, which is counted in levels. Each
 * stream counts, whoever else has the same filters: it has read them from its own request.
 */
export function heldBytes(filters: readonly TopicFilter[]): number {
  return filters.reduce((sum, { text }) => sum + filterBytes + textBytes(text), 0);
}

/** Text has one byte for each character, or two for each when one of them is not Latin: then UTF-8 says so. */
function textBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length;
}

/** What a pattern weighs, in levels of other filters. */
export function patternCost({ varying }: PatternFilter): number {
  return patternLevels + varying;
}

/** Names the place at which an index holds the pattern; empty where it begins with nothing literal. */
export function placeName({ kind, place }: PatternFilter): string {
  if (place === undefined) return "";
  return JSON.stringify([kind, ...place.map((level) => (typeof level === "string" ? level : null))]);
}

export function hasExpression(filter: PatternFilter): boolean {
  return filter.kind === "urlpattern" && filter.pattern.hasExpression;
}

export function isPattern(filter: TopicFilter): filter is PatternFilter {
  return filter.kind === "urlpattern" || filter.kind === "template";
}

/**
 * The mixtures of `+` and names that an MQTT filter's beginnings are: of `a/+/b` a name, a name and `+`, and these and a
 * name. Two filters' nodes of one mixture are never met by one topic, unless they are the same node.
 */
export function* mixturesOf(levels: readonly string[]): Generator<string, void> {
  let mixture = "";
  for (const level of levels) {
    if (level === "#") return;
    mixture += mixtureLetter(level);
    yield mixture;
  }
}

/** One letter a level. */
export function mixtureLetter(level: string): string {
  return level === "+" ? "+" : "a";
}
