const [lf, cr] = [0x0a, 0x0d];

/**
 * Finds the ends of request heads and trailer sections in the bytes of a connection [RFC 9112 2.1, 7.1.2], in whatever
 * pieces the bytes arrive. Both end with an empty line. Empty lines before a request do not count [RFC 9112 2.2]. A line
 * may end without CR: Node's parser accepts such empty lines before a request, and refuses such lines in a head.
 */
export class HeadScanner {
  /** True after the first byte of a head that is not a line end. */
  #hasText = false;
  /** True if the current line has no text yet. */
  #isLineEmpty = true;

  /** The next bytes are the trailer section of a body. It ends with the next empty line, also if it has no other line. */
  beginTrailer(): void {
    this.#hasText = true;
  }

  /** The number of bytes up to the end of the first head, and with it; undefined if no head ends in these bytes. */
  endIn(bytes: Buffer): number | undefined {
    for (let at = 0; at < bytes.length;) {
      const next = bytes.indexOf(lf, at);
      const lineEnd = next < 0 ? bytes.length : next;
      if (!this.#isEmpty(bytes, at, lineEnd)) [this.#hasText, this.#isLineEmpty] = [true, false];
      if (next < 0) return undefined;
      const isEnd = this.#hasText && this.#isLineEmpty;
      this.#isLineEmpty = true;
      at = next + 1;
      if (!isEnd) continue;
      this.#hasText = false;
      return at;
    }
    return undefined;
  }

  /** True if the bytes of a line are nothing or CR. */
  #isEmpty(bytes: Buffer, from: number, to: number): boolean {
    return from === to || (to - from === 1 && bytes[from] === cr);
  }
}
