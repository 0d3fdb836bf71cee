import { PharosError } from "../../../base/errors.js";
import { quoteValue } from "../../../base/quote-value.js";
import type { Netstring } from "./netstring.js";

/** The type byte at the end of each kind of tnetstring. */
export const tnetTypes = Object.freeze({
  bytes: 0x2c, // ,
  integer: 0x23, // #
  float: 0x5e, // ^
  boolean: 0x21, // !
  null: 0x7e, // ~
  list: 0x5d, // ]
  dict: 0x7d, // }
});

/**
 * The texts that a tnetstring allows for a float. JavaScript alone would also convert "0x10", "" and " 1" to numbers.
 */
const floatGrammar = /^-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?$/;
/**
 * The longest text that `floatGrammar` can match: 1 + 400 + 401 + 5 characters. The parser refuses a longer text
 * without decoding it.
 */
const maxFloatBytes = 807;

/** 2^53 has 16 digits. */
const maxIntegerDigits = 16;
const minus = 0x2d;
const zero = 0x30;

/**
 * Parses the payload of any type except list and dict. Returns a byte string as a view into `buffer`. Throws
 * `bad-tnetstring` for an unknown type, and for a payload that does not fit its type.
 */
export function parseScalar(
  buffer: Buffer,
  { start, end, type }: Netstring,
): null | boolean | number | Buffer {
  // A status table has up to 160,000 integers. Parsing an integer directly from `buffer`, without a view and a string,
  // needs a third of the time.
  if (type === tnetTypes.integer) return parseInteger(buffer, start, end);
  const bytes = buffer.subarray(start, end);
  switch (type) {
    case tnetTypes.bytes:
      return bytes;
    case tnetTypes.float:
      return parseFloatNumber(bytes);
    case tnetTypes.boolean:
      return parseBoolean(bytes);
    case tnetTypes.null:
      if (bytes.length > 0) throw tnetRefusal(`a null must be empty, not ${bytes.length} bytes`);
      return null;
    default:
      throw tnetRefusal(`the type byte 0x${type.toString(16)} is unknown; allowed are , # ^ ! ~ ] and }`);
  }
}

function parseInteger(buffer: Buffer, start: number, end: number): number {
  const negative = buffer[start] === minus;
  const first = negative ? start + 1 : start;
  if (end <= first || end - first > maxIntegerDigits)
    throw tnetRefusal(`an integer must have 1 to ${maxIntegerDigits} digits, not ${end - first}`);
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = (buffer[at] ?? 0) - zero;
    if (digit < 0 || digit > 9)
      throw tnetRefusal(
        `an integer must consist of decimal digits, not the byte 0x${(buffer[at] ?? 0).toString(16)}`,
      );
    value = value * 10 + digit;
  }
  if (!Number.isSafeInteger(value))
    throw tnetRefusal(
      `an integer must be from -(2^53 - 1) to 2^53 - 1, not ${buffer.toString("latin1", start, end)}`,
    );
  return negative && value !== 0 ? -value : value; // "-0" is the integer 0
}

function parseFloatNumber(bytes: Buffer): number {
  if (bytes.length > maxFloatBytes)
    throw tnetRefusal(`a float may have at most ${maxFloatBytes} characters, not ${bytes.length}`);
  const text = bytes.toString("latin1");
  if (!floatGrammar.test(text))
    throw tnetRefusal(
      `a float must consist of decimal digits, with an optional point and exponent, not ${quoteValue(text)}`,
    );
  const value = Number(text);
  if (!Number.isFinite(value)) throw tnetRefusal(`a float must be finite, not ${text}`);
  return value;
}

function parseBoolean(bytes: Buffer): boolean {
  const text = bytes.length > 5 ? "" : bytes.toString("latin1");
  if (text !== "true" && text !== "false")
    throw tnetRefusal(
      `a boolean must be true or false, not ${bytes.length > 5 ? `${bytes.length} bytes` : quoteValue(text)}`,
    );
  return text === "true";
}

/**
 * The error of all functions that read or write tnetstrings. `message` may quote numbers, types and the keys of a dict,
 * but no other string, which may be a secret.
 */
export function tnetRefusal(message: string): PharosError {
  return new PharosError("bad-tnetstring", `bad tnetstring: ${message}`);
}
