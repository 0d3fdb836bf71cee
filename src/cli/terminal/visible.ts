/**
 * Control characters, format characters that reorder, join or hide text [Unicode category Cf], and line separators. Text
 * of a client inside a log line must not change how the rest of the line looks.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Escapes all invisible characters of a text, as in `\u{202e}`. */
export function visible(text: string): string {
  return text.replaceAll(unseen, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Escapes all invisible characters in the strings of a line of JSON. The meaning of the JSON stays the same. */
export function visibleJson(line: string): string {
  // Outside strings the only control character is the end of the line.
  return line.replaceAll(/[\p{Cf}\p{Zl}\p{Zp}\u007F-\u009F]/gu, (found) =>
    Array.from({ length: found.length }, (_, at) => escapeOf(found.charCodeAt(at))).join(""),
  );
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}
