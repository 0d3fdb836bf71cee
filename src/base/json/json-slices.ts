import { endOfString } from "./end-of-string.js";

const quote = 0x22;
const comma = 0x2c;
const squareOpen = 0x5b;
const squareClose = 0x5d;
const curlyOpen = 0x7b;
const curlyClose = 0x7d;

/**
 * The texts of the items of a list, in order. Each is found when it is asked for, so that the caller can pause.
 *
 * @param text a valid text of JSON whose value is a list
 */
export function* itemsOf(text: string): Generator<string, void> {
  let at = afterSpace(text, text.indexOf("[") + 1);
  while (text.charCodeAt(at) !== squareClose) {
    const end = endOfValue(text, at);
    yield text.slice(at, end);
    at = afterSeparator(text, end);
  }
}

/**
 * The text of a field; undefined if the object has no such field. If it has several, the last one counts, as for
 * `JSON.parse`.
 *
 * @param text a valid text of JSON whose value is an object
 */
export function fieldOf(text: string, name: string): string | undefined {
  let found: string | undefined;
  let at = afterSpace(text, text.indexOf("{") + 1);
  while (text.charCodeAt(at) !== curlyClose) {
    const endOfName = endOfValue(text, at);
    const from = afterSpace(text, text.indexOf(":", endOfName) + 1);
    const to = endOfValue(text, from);
    if (JSON.parse(text.slice(at, endOfName)) === name) found = text.slice(from, to);
    at = afterSeparator(text, to);
  }
  return found;
}

/**
 * The same JSON without white space between its parts. Numbers and texts stay as they are written: `JSON.stringify` would
 * change 12345678901234567890 and 1.0.
 *
 * @param text a valid text of JSON
 */
export function compactJson(text: string): string {
  const parts: string[] = [];
  for (let at = afterSpace(text, 0); at < text.length;) {
    const end = endOfPart(text, at);
    parts.push(text.slice(at, end));
    at = afterSpace(text, end);
  }
  return parts.join("");
}

/** The end of the characters from `at` to the next white space that is outside of all strings. */
function endOfPart(text: string, from: number): number {
  let at = from;
  while (at < text.length && !isSpace(text.charCodeAt(at)))
    at = text.charCodeAt(at) === quote ? endOfString(text, at) + 1 : at + 1;
  return at;
}

/** The index behind the value that begins at `from`. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === quote) at = endOfString(text, at);
    else if (code === squareOpen || code === curlyOpen) depth += 1;
    else if (code === squareClose || code === curlyClose) depth -= 1;
    else if (depth > 0 || !isEndOfWord(text.charCodeAt(at + 1))) continue;
    if (depth === 0) return at + 1;
  }
  return text.length;
}

/** True if a number or a word ends before this character. */
function isEndOfWord(code: number): boolean {
  return Number.isNaN(code) || code === comma || code === squareClose || code === curlyClose || isSpace(code);
}

/** The index of the next item or field, or of the closing bracket. */
function afterSeparator(text: string, end: number): number {
  const at = afterSpace(text, end);
  return text.charCodeAt(at) === comma ? afterSpace(text, at + 1) : at;
}

function afterSpace(text: string, from: number): number {
  let at = from;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}
