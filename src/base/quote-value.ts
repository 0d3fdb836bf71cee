/** The longest part of a wrong value that an error message quotes, in characters. */
const quotedCharacters = 40;

/**
 * Characters that move a terminal's cursor, change the writing direction or end a line. JSON does not escape most of
 * these characters.
 */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/**
 * A wrong value for an error message: a text in quotes, shortened and with invisible characters escaped, or a number, true
 * or false. For other values it names the kind: a client's object may be deep and large. Never pass a secret.
 */
export function quoteValue(value: unknown): string {
  if (typeof value === "string") return printableText(JSON.stringify(value.slice(0, quotedCharacters)));
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOfValue(value);
}

/** The kind of a value, for an error message that must not quote the value itself. */
export function kindOfValue(value: unknown): string {
  if (value === undefined) return "a missing value";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (ArrayBuffer.isView(value)) return "bytes";
  return typeof value === "object" ? "an object" : typeof value === "string" ? "a text" : `a ${typeof value}`;
}

/** Escapes all invisible characters of a text. */
export function printableText(text: string): string {
  return text.replaceAll(unprintable, (found) => `\\u{${found.codePointAt(0)?.toString(16) ?? ""}}`);
}
