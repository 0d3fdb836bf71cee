import { RE2JS } from "re2js";
import { PharosError } from "../../base/errors.js";
import { quoteValue } from "../../base/quote-value.js";
import type { Delimiter, PatternGroup } from "./url-pattern-groups.js";

/** The limit on RE2's size of a compiled expression: enough for a date, a UUID or fifty alternatives. */
const maxProgramSize = 256;

/**
 * The limit on the sum of all repetition counts: without this limit, 100 bytes of text can become 10,000 instructions.
 */
const maxRepeats = 256;

/**
 * The limit on the sum of the repetition counts times the length of the expression. RE2 expands repetitions before it
 * knows the size of a program: 900 characters, repeated 250 times, take 360 ms. A UUID needs 2,700.
 */
const maxWrittenOut = 16_384;

/**
 * Joins the groups of a component into one regular expression of RE2, which matches in linear time. JavaScript's own
 * regular expressions backtrack, and need hours for some inputs.
 *
 * @throws PharosError `bad-filter` if RE2 rejects the expression (look-around or back-references) or the expression is
 *   too large
 */
export function compileRegExp(groups: readonly PatternGroup[], delimiter: Delimiter): RE2JS {
  const source = groups.map((group) => sourceOf(group, delimiter)).join("");
  const repeats = [...source.matchAll(/\{([0-9]+)(?:,([0-9]*))?\}/g)];
  const sum = repeats.reduce(
    (total, [, least, most]) => total + Number(most === undefined || most === "" ? least : most),
    0,
  );
  if (sum > maxRepeats) {
    throw new PharosError(
      "bad-filter",
      `the repetition counts in a URL pattern may add up to at most ${maxRepeats}, not ${sum}`,
    );
  }
  if (sum * source.length > maxWrittenOut) throw tooLarge();
  const expression = compile(source);
  if (expression.programSize() > maxProgramSize) throw tooLarge();
  return expression;
}

function tooLarge(): PharosError {
  return new PharosError(
    "bad-filter",
    "a regular expression in this URL pattern is too large; use a shorter expression, or fewer repetitions",
  );
}

function compile(source: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    throw new PharosError(
      "bad-filter",
      `the regular expression ${quoteValue(source)} in a URL pattern must have RE2 syntax, without lookahead, lookbehind and back-references`,
      { cause: error },
    );
  }
}

function sourceOf({ before, middle, after, modifier }: PatternGroup, delimiter: Delimiter): string {
  const source = `${RE2JS.quote(before)}${middleSource(middle, delimiter)}${RE2JS.quote(after)}`;
  return modifier === "" ? source : `(?:${source})${modifier}`;
}

function middleSource(middle: PatternGroup["middle"], delimiter: Delimiter): string {
  switch (middle?.kind) {
    case undefined:
      return "";
    case "wildcard":
      return ".*";
    case "segment":
      return delimiter === "" ? ".+" : `[^${delimiter}]+`;
    case "expression":
      return `(?:${middle.expression})`;
    default:
      return middle satisfies never;
  }
}
