/**
 * What a terminal obeys, or what turns, joins or hides text [Unicode category Cf], and what some take for the end of a
 * line. Where a client's text stands among the hub's own words, it must not change how these read.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text with everything that is not seen written as its code, `\u{202e}`. */
export function visible(text: string): string {
  return text.replaceAll(unseen, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A line of JSON that means the same, with everything in its strings that is not seen written as an escape. */
export function visibleJson(line: string): string {
  // Only the end of the line is a control character outside strings.
  return line.replaceAll(/[\p{Cf}\p{Zl}\p{Zp}\u007F-\u009F]/gu, (found) =>
    Array.from({ length: found.length }, (_, at) => escapeOf(found.charCodeAt(at))).join(""),
  );
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
