/**
 * Control characters, format characters that reorder, join or hide text [Unicode category Cf], and line separators. Text
 * of a client inside a log line must not change how the rest of the line looks.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Escapes all invisible characters of a text, as in `\u{202e}`. */
export function visible(text: string): string {
  return text.replaceAll(unseen, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}
