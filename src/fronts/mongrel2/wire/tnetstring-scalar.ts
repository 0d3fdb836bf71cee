import { PharosError } from "../../../base/errors.js";
import type { Netstring } from "./netstring.js";

/** The type byte that ends each kind of tnetstring. */
export const tnetTypes = Object.freeze({
  bytes: 0x2c, // ,
  integer: 0x23, // #
  float: 0x5e, // ^
  boolean: 0x21, // !
  null: 0x7e, // ~
  list: 0x5d, // ]
  dict: 0x7d, // }
});

/** Number("0x10"), Number("") and Number(" 1") are numbers to JavaScript, and none here. */
const floatGrammar = /^-?\d{1,400}(?:\.\d{1,400})?(?:[eE][+-]?\d{1,3})?$/;
/** Longest text that floatGrammar can match, so that nothing longer is decoded: 1 + 400 + 401 + 5. */
const maxFloatBytes = 807;

/** As many as 2^53 has. */
const maxIntegerDigits = 16;
const minus = 0x2d;
const zero = 0x30;

/**
 * Parses the payload of anything but a list or dict. A byte string comes back as a view into `buffer`. Throws
 * `bad-tnetstring` for an unknown type and for a payload that its type does not take.
 */
export function parseScalar(
  buffer: Buffer,
  { start, end, type }: Netstring,
): null | boolean | number | Buffer {
  // A status table holds 160,000 integers: without a view and a text for each it is read in a third of the time.
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
      if (bytes.length > 0) throw tnetRefusal("a null must be empty");
      return null;
    default:
      throw tnetRefusal(`unknown type byte 0x${type.toString(16)}`);
  }
}

function parseInteger(buffer: Buffer, start: number, end: number): number {
  const negative = buffer[start] === minus;
  const first = negative ? start + 1 : start;
  if (end <= first || end - first > maxIntegerDigits)
    throw tnetRefusal("an integer must have 1 to 16 digits");
  let value = 0;
  for (let at = first; at < end; at++) {
    const digit = (buffer[at] ?? 0) - zero;
    if (digit < 0 || digit > 9) throw tnetRefusal("an integer is not written in decimal digits");
    value = value * 10 + digit;
  }
  if (!Number.isSafeInteger(value)) throw tnetRefusal("an integer is beyond 2^53");
  return negative && value !== 0 ? -value : value; // "-0" is the integer 0
}

function parseFloatNumber(bytes: Buffer): number {
  if (bytes.length > maxFloatBytes) throw tnetRefusal("a float is too long");
  const text = bytes.toString("latin1");
  if (!floatGrammar.test(text)) throw tnetRefusal("a float is not written in decimal digits");
  const value = Number(text);
  if (!Number.isFinite(value)) throw tnetRefusal("a float is too large");
  return value;
}

function parseBoolean(bytes: Buffer): boolean {
  const text = bytes.length > 5 ? "" : bytes.toString("latin1");
  if (text !== "true" && text !== "false") throw tnetRefusal("a boolean must be true or false");
  return text === "true";
}

/** The one error of everything that reads or writes tnetstrings; `what` quotes nothing of the input. */
export function tnetRefusal(what: string): PharosError {
  return new PharosError("bad-tnetstring", `bad tnetstring: ${what}`);
}
