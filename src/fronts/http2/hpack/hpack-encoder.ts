import { BlockWriter } from "./block-writer.js";
import { staticFields } from "./static-table.js";

/**
 * A size update to 0 [RFC 7541 6.3]. Put these bytes before the first block of each connection. A peer that lowers
 * SETTINGS_HEADER_TABLE_SIZE requires a size update in the next block. This one also satisfies all values that the peer
 * sends later.
 */
export const emptyTableUpdate: Buffer = Buffer.from([0x20]);

/** A name of the static table. */
interface StaticName {
  /** The first index with this name. */
  readonly index: number;
  /** The index of each whole field with this name, by value. */
  readonly values: Map<string, number>;
}

const staticNames = staticFieldsByName();

/** No proxy may put these fields into a dynamic table [RFC 7541 7.1.3]. */
const neverIndexed: ReadonlySet<string> = new Set(["authorization", "set-cookie"]);

const wholeField = { prefixBits: 7, flags: 0x80 };
const literal = { prefixBits: 4, flags: 0 };
const literalNeverIndexed = { prefixBits: 4, flags: 0x10 };

/** The most bytes of a field beyond its name and value: an index of up to 61, and the lengths of the two strings. */
const mostHeadBytes = 2 + 6 + 6;

const isWide = /[\u0100-\uffff]/;

/**
 * Encodes fields as one block without the dynamic table, so that equal fields give equal bytes on every connection.
 * Names must be in lower case. Names and values have one character for each byte (latin1).
 *
 * Strings have no Huffman code. In the head of an event stream, it would save 25 of 121 bytes, once for each stream, and
 * take half as long again to write the strings.
 *
 * @throws {RangeError} If a name or value has a character above U+00FF. The encoder checks nothing else.
 */
export function encodeFields(fields: Iterable<readonly [name: string, value: string]>): Buffer {
  const all = [...fields];
  const mostBytes = all.reduce((sum, [name, value]) => sum + mostHeadBytes + name.length + value.length, 0);
  const writer = new BlockWriter(mostBytes);
  for (const [name, value] of all) writeField(writer, name, value);
  return writer.written;
}

function writeField(writer: BlockWriter, name: string, value: string): void {
  const known = staticNames.get(name);
  const whole = known?.values.get(value);
  if (whole !== undefined) return writer.integer(whole, wholeField);
  if (isWide.test(name) || isWide.test(value))
    throw new RangeError(`the field ${name} has a character above U+00FF`);
  writer.integer(known?.index ?? 0, neverIndexed.has(name) ? literalNeverIndexed : literal);
  if (known === undefined) writer.text(name);
  writer.text(value);
}

function staticFieldsByName(): Map<string, StaticName> {
  const names = new Map<string, StaticName>();
  for (const [at, { name, value }] of staticFields.entries()) {
    const known = names.get(name) ?? { index: at + 1, values: new Map<string, number>() };
    known.values.set(value, at + 1);
    names.set(name, known);
  }
  return names;
}
