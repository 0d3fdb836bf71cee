/** Writes the integers and strings of a block in order [RFC 7541 5]. */
export class BlockWriter {
  readonly #block: Buffer;
  #at = 0;

  /** `mostBytes` is the largest possible size of the block. */
  constructor(mostBytes: number) {
    this.#block = Buffer.allocUnsafe(mostBytes);
  }

  /** The bytes so far. */
  get written(): Buffer {
    return this.#block.subarray(0, this.#at);
  }

  /** Writes an integer that begins in the low `prefixBits` bits of a byte. `flags` has the other bits [RFC 7541 5.1]. */
  integer(
    value: number,
    { prefixBits, flags }: { readonly prefixBits: number; readonly flags: number },
  ): void {
    const mostPrefix = (1 << prefixBits) - 1;
    if (value < mostPrefix) return this.#byte(flags | value);
    this.#byte(flags | mostPrefix);
    let rest = value - mostPrefix;
    for (; rest >= 0x80; rest >>>= 7) this.#byte(0x80 | (rest & 0x7f));
    this.#byte(rest);
  }

  /** Writes a string without Huffman code, one byte for each character [RFC 7541 5.2]. */
  text(text: string): void {
    this.integer(text.length, plainText);
    this.#at += this.#block.write(text, this.#at, "latin1");
  }

  #byte(value: number): void {
    this.#block[this.#at] = value;
    this.#at += 1;
  }
}

const plainText = { prefixBits: 7, flags: 0 };
