const [lf, cr] = [0x0a, 0x0d];

/**
 * Finds the ends of request heads and trailer sections in the bytes of a connection [RFC 9112 2.1, 7.1.2], in whatever
 * pieces the bytes arrive. Both end with an empty line. Empty lines before a request do not count [RFC 9112 2.2]. A line
 * may end without CR: Node's parser accepts such empty lines before a request, and refuses such lines in a head.
 */
export class HeadScanner {
  /** True after the first byte of a head. */
  #hasText = false;
  /** True if the current line has no text yet. CR is no text: Node's parser allows it only before LF. */
  #isLineEmpty = true;

  /** The next bytes are the trailer section of a body. It ends with the next empty line, also if it has no other line. */
  beginTrailer(): void {
    this.#hasText = true;
  }

  /** The number of bytes up to the end of the first head, and with it; undefined if no head ends in these bytes. */
  endIn(bytes: Buffer): number | undefined {
    // Fields in local variables make this loop several times faster.
    let [hasText, isLineEmpty] = [this.#hasText, this.#isLineEmpty];
    let end: number | undefined;
    for (let at = 0; at < bytes.length && end === undefined; at += 1) {
      const byte = bytes[at];
      if (byte === lf) {
        if (hasText && isLineEmpty) end = at + 1;
        isLineEmpty = true;
      } else if (byte !== cr) {
        hasText = true;
        isLineEmpty = false;
      }
    }
    this.#hasText = hasText && end === undefined;
    this.#isLineEmpty = isLineEmpty;
    return end;
  }
}
