import type { PatternFilter, TopicFilter } from "./filter.js";

/** The memory of a pattern without its parts, as a number of levels of other filters: about 2 KB. */
const patternLevels = 4;

/** Memory of a filter without the filter's text, in bytes: the filter and a slot in the index. Measured: 290. */
const filterBytes = 300;

/**
 * Memory for the filters of one stream, in bytes. Wildcards and patterns need further memory, which the limit on
 * levels covers. Streams with equal filters count separately, because each request is parsed into filter objects of
 * its own.
 */
export function heldBytes(filters: readonly TopicFilter[]): number {
  return filters.reduce((sum, { text }) => sum + filterBytes + textBytes(text), 0);
}

/**
 * V8 uses one byte for each character if all characters are Latin-1, else two. A text whose UTF-8 is longer than the
 * text counts as two.
 */
function textBytes(text: string): number {
  return Buffer.byteLength(text) === text.length ? text.length : 2 * text.length;
}

/** The cost of a pattern, as a number of levels of other filters. */
export function patternCost({ varying }: PatternFilter): number {
  return patternLevels + varying;
}

/** The name of the place where an index holds the pattern; empty if the pattern does not begin with literal text. */
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
 * The mixtures of `+` and names at the beginning of an MQTT filter. `a/+/b` has three mixtures:
 * - a name
 * - a name and `+`
 * - a name, `+` and a name
 *
 * In the trie, a topic matches at most one node of each mixture.
 */
export function* mixturesOf(levels: readonly string[]): Generator<string, void> {
  let mixture = "";
  for (const level of levels) {
    if (level === "#") return;
    mixture += mixtureLetter(level);
    yield mixture;
  }
}

/** One letter for each level. */
export function mixtureLetter(level: string): string {
  return level === "+" ? "+" : "a";
}
