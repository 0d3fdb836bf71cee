import { DynamicTable } from "./dynamic-table.js";
import { decodeHuffman } from "./huffman-decoder.js";
import { staticFields } from "./static-table.js";
import type { Field } from "./static-table.js";

/**
 * A fault in a header block. From now on, the dynamic tables of the two sides may differ. So the connection must end
 * with COMPRESSION_ERROR [RFC 9113 4.3].
 */
export class HpackError extends Error {
  override readonly name = "HpackError";
}

export interface HpackDecoderOptions {
  /**
   * The largest size of the dynamic table that the peer may use, in bytes [RFC 7541 4.2]. A peer uses 4096 bytes until
   * it has read another value in SETTINGS. So a value below 4096 is only correct if the peer knows it before its first
   * block.
   *
   * @default 4096
   */
  readonly tableBytes?: number;
}

const mostInteger = 2 ** 31 - 1;
const mostContinuationBytes = 5;

/** The size of the table of a peer that has not chosen another one [RFC 9113 6.5.2]. */
const initialTableBytes = 4096;

/** A sender announces at most the smallest and the last size since its last block [RFC 7541 4.2]. */
const mostSizeUpdates = 2;

/**
 * Decodes the header blocks of one direction of a connection, in the order of their arrival [RFC 7541]. Do not use the
 * decoder again after it has thrown an error.
 */
export class HpackDecoder {
  readonly #tableBytes: number;
  readonly #table: DynamicTable;

  constructor({ tableBytes = initialTableBytes }: HpackDecoderOptions = {}) {
    this.#tableBytes = tableBytes;
    this.#table = new DynamicTable(Math.min(tableBytes, initialTableBytes));
  }

  /**
   * Decodes a whole block, and calls `take` for each field in order. Names and values have one character for each byte
   * (latin1). They may be any bytes: the decoder does not check whether HTTP allows them. `take` must not throw, because
   * the table is only correct after the whole block.
   *
   * A field that refers to the table costs one byte of the block, and shares the strings of the table. So a block of
   * `n` bytes may have `n` fields, each as large as the table: whoever copies fields must limit their total size.
   *
   * @throws {HpackError} If the block is malformed. Then `take` has already received the fields before the fault.
   */
  decode(block: Buffer, take: (name: string, value: string) => void): void {
    const reader = new BlockReader(block);
    this.#readSizeUpdates(reader);
    while (!reader.isAtEnd) {
      const { name, value } = this.#readField(reader);
      take(name, value);
    }
  }

  #readSizeUpdates(reader: BlockReader): void {
    for (let count = 0; !reader.isAtEnd && isSizeUpdate(reader.peek()); count += 1) {
      if (count === mostSizeUpdates)
        throw new HpackError(`a block has more than ${mostSizeUpdates} size updates`);
      const bytes = reader.integer(5);
      if (bytes > this.#tableBytes)
        throw new HpackError(`a size update to ${bytes} bytes is above the limit of ${this.#tableBytes}`);
      this.#table.resize(bytes);
    }
  }

  #readField(reader: BlockReader): Field {
    const first = reader.peek();
    if ((first & 0x80) !== 0) return this.#fieldAt(reader.integer(7));
    if ((first & 0x40) !== 0) {
      const field = this.#readLiteral(reader, 6);
      this.#table.add(field);
      return field;
    }
    if (isSizeUpdate(first)) throw new HpackError("a size update comes after the first field");
    return this.#readLiteral(reader, 4);
  }

  #readLiteral(reader: BlockReader, prefixBits: number): Field {
    const index = reader.integer(prefixBits);
    const name = index === 0 ? reader.text() : this.#fieldAt(index).name;
    return { name, value: reader.text() };
  }

  /** The field at an index of the static table, which starts at 1, or of the dynamic table behind it [RFC 7541 2.3.3]. */
  #fieldAt(index: number): Field {
    const field = staticFields[index - 1] ?? this.#table.at(index - 1 - staticFields.length);
    if (field === undefined) throw new HpackError(`no field has the index ${index}`);
    return field;
  }
}

/** True for the first byte of a dynamic table size update [RFC 7541 6.3]. */
function isSizeUpdate(first: number): boolean {
  return (first & 0xe0) === 0x20;
}

/** Reads the integers and strings of a block in order [RFC 7541 5]. Throws {@link HpackError} if one is malformed. */
class BlockReader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#block.length;
  }

  /** The next byte, which stays unread. */
  peek(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw new HpackError("the block ends inside a field");
    return byte;
  }

  /** Reads an integer that begins in the low `prefixBits` bits of the next byte [RFC 7541 5.1]. */
  integer(prefixBits: number): number {
    const mostPrefix = (1 << prefixBits) - 1;
    const prefix = this.peek() & mostPrefix;
    this.#at += 1;
    return prefix < mostPrefix ? prefix : this.#continued(prefix);
  }

  /** Reads a string, with one character for each byte [RFC 7541 5.2]. */
  text(): string {
    const isHuffman = this.peek() >= 0x80;
    const length = this.integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#block.length) throw new HpackError("a string is longer than its block");
    this.#at = end;
    if (!isHuffman) return this.#block.toString("latin1", start, end);
    const text = decodeHuffman(this.#block, start, end);
    if (text === undefined) throw new HpackError("a string is not valid Huffman code");
    return text;
  }

  #continued(prefix: number): number {
    let value = prefix;
    for (let count = 0; count < mostContinuationBytes; count += 1) {
      const byte = this.peek();
      this.#at += 1;
      // Not shifted, because the sum may exceed 32 bits.
      value += (byte & 0x7f) * 2 ** (7 * count);
      if (value > mostInteger) throw new HpackError(`an integer is above ${mostInteger}`);
      if (byte < 0x80) return value;
    }
    throw new HpackError(`an integer has more than ${mostContinuationBytes} continuation bytes`);
  }
}
