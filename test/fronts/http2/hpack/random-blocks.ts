import { staticFields } from "../../../../src/fronts/http2/hpack/static-table.js";
import type { Random } from "../../../support/random.js";
import type { NameAndValue } from "./fields.js";
import { encodeHuffman } from "./huffman-encoder.js";

/** A block and its fields. */
export interface RandomBlock {
  readonly block: Buffer;
  readonly fields: readonly NameAndValue[];
}

const entryBytes = 32;
const staticTable = staticFields.map(({ name, value }): NameAndValue => [name, value]);

/** The three kinds of literal fields [RFC 7541 6.2]. */
const literals = [
  { prefix: 0x40, prefixBits: 6, entersTable: true },
  { prefix: 0x40, prefixBits: 6, entersTable: true },
  { prefix: 0x00, prefixBits: 4, entersTable: false },
  { prefix: 0x10, prefixBits: 4, entersTable: false },
] as const;

/**
 * The sender of a connection that makes valid blocks in each form that RFC 7541 allows. It has its own dynamic table,
 * in the simplest form: a list from the newest field.
 */
export class RandomSender {
  /** The dynamic table, from the newest field. */
  table: readonly NameAndValue[] = [];
  readonly #random: Random;
  readonly #mostTableBytes: number;
  #tableBytes: number;

  constructor(random: Random, mostTableBytes: number) {
    this.#random = random;
    this.#mostTableBytes = mostTableBytes;
    this.#tableBytes = Math.min(mostTableBytes, 4096);
  }

  next(): RandomBlock {
    const parts: Buffer[] = [];
    const fields: NameAndValue[] = [];
    for (let updates = this.#random.chance(0.1) ? this.#random.below(3) : 0; updates > 0; updates -= 1)
      parts.push(this.#sizeUpdate());
    for (let count = this.#random.below(8); count > 0; count -= 1) {
      const { block, fields: added } = this.#random.chance(0.4) ? this.#reference() : this.#literal();
      parts.push(block);
      fields.push(...added);
    }
    return { block: Buffer.concat(parts), fields };
  }

  #sizeUpdate(): Buffer {
    this.#tableBytes = this.#random.below(this.#mostTableBytes + 1);
    this.#evict();
    return integer(this.#tableBytes, 0x20, 5);
  }

  #reference(): RandomBlock {
    const { index, field } = this.#anyField();
    return { block: integer(index, 0x80, 7), fields: [field] };
  }

  #literal(): RandomBlock {
    const { prefix, prefixBits, entersTable } = this.#random.pick(literals);
    const { index, field: known } = this.#random.chance(0.5)
      ? this.#anyField()
      : { index: 0, field: undefined };
    const field: NameAndValue = [known?.[0] ?? this.#text(), this.#text()];
    const name = known === undefined ? [this.#string(field[0])] : [];
    const block = Buffer.concat([integer(index, prefix, prefixBits), ...name, this.#string(field[1])]);
    if (entersTable) {
      this.table = [field, ...this.table];
      this.#evict();
    }
    return { block, fields: [field] };
  }

  #anyField(): { readonly index: number; readonly field: NameAndValue } {
    const isDynamic = this.table.length > 0 && this.#random.chance(0.5);
    const fields = isDynamic ? this.table : staticTable;
    const at = this.#random.below(fields.length);
    return { index: 1 + at + (isDynamic ? staticTable.length : 0), field: fields[at]! };
  }

  #text(): string {
    const length = this.#random.below(this.#random.chance(0.05) ? 500 : 20);
    const isPlain = this.#random.chance(0.8);
    const codes = Array.from({ length }, () =>
      isPlain ? 0x61 + this.#random.below(26) : this.#random.below(256),
    );
    return String.fromCharCode(...codes);
  }

  #string(text: string): Buffer {
    const isHuffman = this.#random.chance(0.5);
    const bytes = isHuffman ? encodeHuffman(text) : Buffer.from(text, "latin1");
    return Buffer.concat([integer(bytes.length, isHuffman ? 0x80 : 0, 7), bytes]);
  }

  /** Removes the oldest fields beyond the size of the table. */
  #evict(): void {
    let bytes = 0;
    const end = this.table.findIndex(([name, value]) => {
      bytes += name.length + value.length + entryBytes;
      return bytes > this.#tableBytes;
    });
    if (end >= 0) this.table = this.table.slice(0, end);
  }
}

/** An integer behind the bits of `prefix` [RFC 7541 5.1]. */
function integer(value: number, prefix: number, prefixBits: number): Buffer {
  const mostPrefix = 2 ** prefixBits - 1;
  if (value < mostPrefix) return Buffer.from([prefix | value]);
  const bytes = [prefix | mostPrefix];
  let rest = value - mostPrefix;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push(0x80 | (rest % 128));
  return Buffer.from([...bytes, rest]);
}
