import * as fc from "fast-check";
import { PharosError } from "../../../src/base/errors.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { encodePublication } from "../../../src/journal/log/encode-record.js";
import { parseAnyPublication, parseLoggedPublication } from "../../../src/journal/log/record-lines.js";
import type { LoggedPublication } from "../../../src/journal/log/record.js";
import { textOf, wordOf } from "./texts.js";

/** Texts in which JSON escapes nothing, and any others. */
const text = fc.oneof(fc.stringMatching(/^[ -~]*$/), textOf());
const word = (start: string): fc.Arbitrary<string> =>
  fc.oneof(fc.stringMatching(/^[a-z][ !#-[\]-~]{0,9}\.$/), wordOf(start));

const line = fc
  .record(
    {
      topics: fc.oneof(
        fc.tuple(word("topic")),
        fc.uniqueArray(word("topic"), { minLength: 1, maxLength: 3 }),
      ),
      data: text,
      id: word("id"),
      type: word("type"),
      retry: fc.integer({ min: 100, max: 3_600_000 }),
      ttl: fc.integer({ min: 1, max: 31_536_000 }),
      retain: fc.boolean(),
      private: fc.boolean(),
      keepsId: fc.boolean(),
    },
    { requiredKeys: ["topics", "data", "keepsId"] },
  )
  .map(({ keepsId, ...input }) => {
    const publication = parsePublication(input);
    return encodePublication({ publication, keepsId: keepsId && publication.id !== undefined });
  });

/** Pieces that have a meaning in a line, and letters at the borders of what a topic may hold. */
const piece = fc.constantFrom(
  '"',
  "\\",
  ",",
  "}",
  "{",
  ":",
  "\n",
  " ",
  "*",
  "0",
  "-1",
  "1e3",
  "9007199254740993",
  "[",
  "]",
  "null",
  "\0",
  "\u001f",
  "\u007f",
  "\u009f",
  "\u00a0",
  "\u00ff",
  "\u0100",
  "\u2028",
  "😀",
  '\\"',
  "\\u0041",
  '"t":',
  '"d":',
  ',"id":"x"',
  ',"id":""',
  ',"type":"x"',
  ',"retryMs":1',
  ',"retryMs":01',
  ',"ttl":1',
  ',"ttl":01',
  ',"x":1',
  ',"retain":true',
  ',"retain":false',
  ',"private":true',
  ',"repeatsId":true',
  '{"t":"*","d":""}\n',
);

/** The pieces replace this many letters at a part of the line. */
const change = fc.record({
  // Most doubles between 0 and 1 are next to 0.
  at: fc.nat(999),
  removed: fc.nat(3),
  piece: fc.oneof(fc.constant(""), piece),
});

/** Lines of publications, most of them with changes. All are well-formed. */
export const publicationLine = fc.tuple(line, fc.array(change, { maxLength: 2 })).map(([whole, changes]) => {
  let letters = Array.from(whole);
  for (const { at, removed, piece: added } of changes)
    letters = letters.toSpliced(Math.floor((at / 1000) * letters.length), removed, added);
  return letters.join("");
});

function resultOf(parse: () => LoggedPublication): LoggedPublication | string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof PharosError) return error.message;
    throw error;
  }
}

/** What the fast way and the slow way make of a line. */
export function bothResults(of: string): readonly (LoggedPublication | string)[] {
  return [resultOf(() => parseLoggedPublication(of, new Map())), resultOf(() => parseAnyPublication(of))];
}
