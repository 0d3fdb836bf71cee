import { kindOfValue, quoteValue } from "../../../base/quote-value.js";
import { isUtf8 } from "node:buffer";
import { readNetstring } from "./netstring.js";
import { parseScalar, tnetRefusal, tnetTypes } from "./tnetstring-scalar.js";

/**
 * A value of a tnetstring. The parser returns every byte string as a Buffer, which is a view into the input and not a
 * copy. Only the keys of a dict are strings. The encoder accepts Buffers and strings, and encodes strings as UTF-8.
 */
export type TnetValue =
  | null
  | boolean
  | number
  | string
  | Buffer
  | readonly TnetValue[]
  | ReadonlyMap<string, TnetValue>;

/** Limits of one tnetstring, for parsing and encoding. */
export interface TnetstringLimits {
  /** The longest tnetstring in bytes, including its size and type. @default 16 MiB */
  readonly maxBytes: number;
  /** The deepest nesting of values; a plain number has depth 1. @default 8 */
  readonly maxDepth: number;
}

/**
 * The reasons for these limits:
 * - 16 MiB: the largest reply of a control port is a `status net` table of 65,536 connections. With rows of up to 120
 *   bytes, such a table has 7.5 MiB. The limit is about twice this size.
 * - Depth 8: a `status net` table has depth 4 (dict, list, row, number), and headers have depth 3.
 */
const defaultTnetstringLimits: TnetstringLimits = Object.freeze({
  maxBytes: 16 * 1024 * 1024,
  maxDepth: 8,
});

/**
 * Parses a buffer that is exactly one tnetstring. Throws `bad-tnetstring` for any of these:
 * - further bytes, or an unknown type
 * - an integer beyond 2^53, or a float that is not finite
 * - a dict with a repeated key, or with a key that is not UTF-8
 * - a depth or a size above the limits
 */
export function parseTnetstring(buffer: Buffer, limits?: Partial<TnetstringLimits>): TnetValue {
  const { maxBytes, maxDepth } = { ...defaultTnetstringLimits, ...limits };
  if (buffer.length > maxBytes)
    throw tnetRefusal(`at most ${maxBytes} bytes are allowed, not ${buffer.length}`);
  const reader = new Reader(buffer, maxDepth);
  const value = reader.value(buffer.length, 1);
  if (reader.offset !== buffer.length)
    throw tnetRefusal(`no bytes may follow the value, but ${buffer.length - reader.offset} bytes follow`);
  return value;
}

/**
 * Encodes one value. Whole numbers up to 2^53 become `#`, other finite numbers `^`. `parseTnetstring` decodes the
 * result to an equal value, but with Buffers for strings. Throws `bad-tnetstring` for NaN, infinities, strings with
 * unpaired surrogates, and values above the limits. A cyclic list is too deep, so it gets this error too.
 */
export function encodeTnetstring(value: TnetValue, limits?: Partial<TnetstringLimits>): Buffer {
  const { maxBytes, maxDepth } = { ...defaultTnetstringLimits, ...limits };
  const encoded = encodeValue(value, maxDepth);
  if (encoded.length > maxBytes)
    throw tnetRefusal(`at most ${maxBytes} bytes are allowed, not ${encoded.length}`);
  return encoded;
}

/** Reads values one after the other. `offset` is the start of the next value. */
class Reader {
  readonly #buffer: Buffer;
  readonly #maxDepth: number;
  offset = 0;

  constructor(buffer: Buffer, maxDepth: number) {
    this.#buffer = buffer;
    this.#maxDepth = maxDepth;
  }

  value(bound: number, depth: number): TnetValue {
    if (depth > this.#maxDepth)
      throw tnetRefusal(`values may be nested at most ${this.#maxDepth} levels deep`);
    const element = readNetstring(this.#buffer, this.offset, bound);
    const container = containerOf(element.type);
    if (container === undefined) {
      this.offset = element.next;
      return parseScalar(this.#buffer, element);
    }
    this.offset = element.start;
    const value = container === "list" ? this.#list(element.end, depth) : this.#dict(element.end, depth);
    this.offset = element.next;
    return value;
  }

  #list(end: number, depth: number): readonly TnetValue[] {
    const values: TnetValue[] = [];
    while (this.offset < end) values.push(this.value(end, depth + 1));
    return values;
  }

  #dict(end: number, depth: number): ReadonlyMap<string, TnetValue> {
    const entries = new Map<string, TnetValue>();
    while (this.offset < end) {
      const key = this.value(end, depth + 1);
      if (!Buffer.isBuffer(key) || !isUtf8(key))
        throw tnetRefusal(
          `a key of a dict must be a UTF-8 string, not ${Buffer.isBuffer(key) ? "other bytes" : kindOfValue(key)}`,
        );
      const name = key.toString("utf8");
      // If a key occurs twice, two programs may use different values, and request smuggling is possible. So the parser
      // refuses such a dict.
      if (entries.has(name)) throw tnetRefusal(`a dict must not contain the key ${quoteValue(name)} twice`);
      entries.set(name, this.value(end, depth + 1));
    }
    return entries;
  }
}

function containerOf(type: number): "list" | "dict" | undefined {
  if (type === tnetTypes.list) return "list";
  return type === tnetTypes.dict ? "dict" : undefined;
}

function encodeValue(value: TnetValue, depthLeft: number): Buffer {
  if (depthLeft < 1) throw tnetRefusal("the values to encode are nested too deep");
  if (value === null) return wrap([], "~");
  if (Buffer.isBuffer(value)) return wrap([value], ",");
  if (typeof value === "string") return wrap([encodeText(value)], ",");
  if (typeof value === "boolean") return wrap([Buffer.from(String(value))], "!");
  if (typeof value === "number") return encodeNumber(value);
  if (isDict(value)) {
    const parts = [...value].flatMap(([key, item]) => [
      encodeValue(key, depthLeft - 1),
      encodeValue(item, depthLeft - 1),
    ]);
    return wrap(parts, "}");
  }
  return wrap(
    value.map((item) => encodeValue(item, depthLeft - 1)),
    "]",
  );
}

function isDict(
  value: readonly TnetValue[] | ReadonlyMap<string, TnetValue>,
): value is ReadonlyMap<string, TnetValue> {
  return value instanceof Map;
}

function encodeNumber(value: number): Buffer {
  if (!Number.isFinite(value)) throw tnetRefusal(`a number must be finite, not ${value}`);
  // An integer has no negative zero, so -0 is encoded as a float.
  const whole = Number.isSafeInteger(value) && !Object.is(value, -0);
  const text = Object.is(value, -0) ? "-0" : String(value);
  return wrap([Buffer.from(text)], whole ? "#" : "^");
}

function encodeText(text: string): Buffer {
  if (/\p{Surrogate}/u.test(text)) throw tnetRefusal("text must not contain unpaired surrogates");
  return Buffer.from(text);
}

function wrap(parts: readonly Buffer[], type: string): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([Buffer.from(`${size}:`), ...parts, Buffer.from(type)]);
}
