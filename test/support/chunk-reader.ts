/**
 * Reads a response in chunks [RFC 9112 7.1] that arrives in pieces of any size, and passes the bytes of the chunks on.
 * Throws for bytes that are no chunk.
 */
export class ChunkReader {
  readonly #take: (bytes: Buffer) => void;
  #state: "size" | "data" | "end" = "size";
  #line = "";
  #left = 0;
  #isLast = false;
  #hasEnded = false;

  constructor(take: (bytes: Buffer) => void) {
    this.#take = take;
  }

  /** True after the last chunk: the response is complete, also if its connection stays open. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  read(piece: Buffer): void {
    for (let at = 0; at < piece.length;)
      at = this.#state === "data" ? this.#data(piece, at) : this.#text(piece, at);
  }

  #data(piece: Buffer, at: number): number {
    const end = Math.min(piece.length, at + this.#left);
    this.#take(piece.subarray(at, end));
    this.#left -= end - at;
    if (this.#left === 0) this.#state = "end";
    return end;
  }

  /** Reads a size line, or the end of the line after the data. */
  #text(piece: Buffer, at: number): number {
    const newline = piece.indexOf(0x0a, at);
    const end = newline < 0 ? piece.length : newline + 1;
    this.#line += piece.toString("latin1", at, end);
    if (newline < 0) return end;
    const line = this.#line;
    this.#line = "";
    if (!(this.#state === "end" ? /^\r\n$/ : /^[0-9a-f]{1,8}\r\n$/i).test(line))
      throw new Error(`this is no chunk: ${JSON.stringify(line.slice(0, 40))}`);
    if (this.#state === "end") {
      this.#hasEnded = this.#isLast;
      this.#state = "size";
      return end;
    }
    this.#left = Number.parseInt(line, 16);
    this.#isLast = this.#left === 0;
    this.#state = this.#isLast ? "end" : "data";
    return end;
  }
}

/** Reads the bytes behind a response head: removes the framing of chunks if the head names it. */
export function withoutChunks(head: string, read: (bytes: Buffer) => void): (bytes: Buffer) => void {
  if (!/^transfer-encoding: *chunked\r?$/im.test(head)) return read;
  const chunks = new ChunkReader(read);
  return (bytes) => chunks.read(bytes);
}
