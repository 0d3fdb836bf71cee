import * as fc from "fast-check";

/** Texts as publishers send them: any characters that UTF-8 can encode. */
export function textOf(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.constantFrom("", "\n", '"}\n{"group":1}\n', "\u2028", "\0", "é", "😀"),
  );
}

/** Texts without control characters. Each begins with a letter and does not end with white space. */
export function wordOf(start: string): fc.Arbitrary<string> {
  return fc
    .string({ unit: "binary", maxLength: 20 })
    .map((text) => `${start}${text.replace(/[\p{Cc}\p{Cs}]/gu, "")}.`);
}
