import { expect, test } from "vitest";

import { kindOfValue, quoteValue } from "../../src/base/quote-value.js";

test.each([
  ["a/b", '"a/b"'],
  ["x".repeat(50), `"${"x".repeat(40)}"`],
  ["a\u200Bb\u0007", String.raw`"a\u{200b}b\u0007"`],
  [5, "5"],
  [true, "true"],
  [[1, "two"], "a list"],
  [undefined, "a missing value"],
])("quotes %j", (value, quoted) => {
  expect(quoteValue(value)).toBe(quoted);
});

test.each([
  [undefined, "a missing value"],
  [null, "null"],
  [[], "a list"],
  [Buffer.of(1), "bytes"],
  [{}, "an object"],
  ["", "a text"],
  [1, "a number"],
  [true, "a boolean"],
])("names the kind of %j", (value, kind) => {
  expect(kindOfValue(value)).toBe(kind);
});

test("an object of any depth is named, not written out", () => {
  const deep: unknown = JSON.parse(`${"[".repeat(200_000)}${"]".repeat(200_000)}`);
  expect(quoteValue(deep)).toBe("a list");
});
