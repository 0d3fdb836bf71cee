import { isUtf8 } from "node:buffer";
import { PharosError } from "../../../base/errors.js";
import { kindOfValue, quoteValue } from "../../../base/quote-value.js";
import type { RequestLimits } from "./limits.js";
import { parseTnetstring } from "./tnetstring.js";

/**
 * The two parts of a HEADERS block: Mongrel2's own pseudo headers (upper case) and the client's headers (lower case).
 */
export interface HeaderBlock {
  /** One value per name, since Mongrel2 never repeats a pseudo header. Names keep their upper-case letters. */
  readonly pseudo: ReadonlyMap<string, string>;
  /** All values in the order of arrival. Names have no upper-case letters. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
}

/** One header of either protocol before it is decoded: a value, or the list of a repeated header. */
type RawHeader = readonly [name: string, value: unknown];

/**
 * Parses HEADERS as JSON text, without the netstring around it. Raw control characters in strings are allowed, since
 * Mongrel2 does not escape the TAB that HTTP allows in a value [RFC 9110 5.5]. Throws `bad-mongrel2-request` if the
 * text is not a JSON object of strings and lists of strings, or has too many values.
 */
export function parseJsonHeaders(block: Buffer, limits: RequestLimits): HeaderBlock {
  if (isUtf8(block)) return collect(jsonEntries(block.toString("utf8")), limits, asText);
  // In Latin-1 each byte is one character, so that each value can be decoded later on its own.
  return collect(jsonEntries(block.toString("latin1")), limits, (name, value) =>
    decode(name, Buffer.from(asText(name, value), "latin1")),
  );
}

/**
 * Parses HEADERS as one whole tnetstring dict of byte strings and lists of byte strings. Throws `bad-tnetstring` or
 * `bad-mongrel2-request` for anything else, and for too many values.
 */
export function parseTnetstringHeaders(block: Buffer, limits: RequestLimits): HeaderBlock {
  const { maxHeaderBytes, maxTnetstringDepth } = limits;
  const dict = parseTnetstring(block, { maxBytes: maxHeaderBytes, maxDepth: maxTnetstringDepth });
  if (!(dict instanceof Map)) throw refusal(`the headers must be a dict, not ${kindOfValue(dict)}`);
  return collect([...dict], limits, (name, value) => {
    if (!Buffer.isBuffer(value))
      throw refusal(
        `the value of the header ${quoteValue(name)} must be a string, not ${kindOfValue(value)}`,
      );
    return decode(name, value);
  });
}

function jsonEntries(text: string): readonly RawHeader[] {
  const parsed = parseJson(text);
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw refusal(`the headers must be a JSON object, not ${kindOfValue(parsed)}`);
  }
  return Object.entries(parsed);
}

/**
 * JSON forbids raw control characters in strings [RFC 8259 7]. Mongrel2 writes no control characters outside strings,
 * so this function escapes every control character of the text.
 */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replaceAll(/\p{Cc}/gu, escapeControl));
  } catch (cause) {
    throw new PharosError("bad-mongrel2-request", "the headers must be valid JSON", { cause });
  }
}

function escapeControl(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function collect(
  entries: readonly RawHeader[],
  limits: RequestLimits,
  toText: (name: string, value: unknown) => string,
): HeaderBlock {
  const pseudo = new Map<string, string>();
  const headers = new Map<string, readonly string[]>();
  let count = 0;
  for (const [name, value] of entries) {
    const list: readonly unknown[] | undefined = Array.isArray(value) ? value : undefined;
    count += list?.length ?? 1;
    if (count > limits.maxHeaders)
      throw refusal(`a request may have at most ${limits.maxHeaders} header values`);
    if (!isPseudo(name))
      headers.set(
        name,
        (list ?? [value]).map((item) => toText(name, item)),
      );
    else if (list === undefined) pseudo.set(name, toText(name, value));
    else
      throw refusal(
        `the pseudo header ${quoteValue(name)} must have one value, not a list of ${list.length}`,
      );
  }
  return { pseudo, headers };
}

/**
 * Mongrel2 converts the header names of clients to lower case, so a header whose name has an upper-case letter comes
 * from Mongrel2.
 */
function isPseudo(name: string): boolean {
  return /[A-Z]/.test(name);
}

function asText(name: string, value: unknown): string {
  if (typeof value !== "string")
    throw refusal(`the value of the header ${quoteValue(name)} must be a string, not ${kindOfValue(value)}`);
  return value;
}

/**
 * Mongrel2 forwards bytes unchanged. A header value that is not UTF-8 is probably a cookie of another program. This
 * function decodes such a value as Latin-1, as Node's HTTP server does. In a pseudo header, the value is part of the
 * request line, and this function throws.
 */
function decode(name: string, value: Buffer): string {
  if (isUtf8(value)) return value.toString("utf8");
  if (isPseudo(name)) throw refusal(`the pseudo header ${quoteValue(name)} must be valid UTF-8`);
  return value.toString("latin1");
}

function refusal(message: string): PharosError {
  return new PharosError("bad-mongrel2-request", message);
}
