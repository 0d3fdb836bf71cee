/** What readers are to get in front of their next page. */
export class ReplyQueue<R> {
  readonly #heads = new Map<R, Buffer>();
  readonly #maxBytes: number;

  /** @param maxBytes what is added for one reader may come to together */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  has(reader: R): boolean {
    return this.#heads.has(reader);
  }

  /** Behind what is there already; false when that would be too much. */
  add(reader: R, words: Buffer): boolean {
    const before = this.#heads.get(reader);
    if (before !== undefined && before.length + words.length > this.#maxBytes) return false;
    this.#heads.set(reader, before === undefined ? words : Buffer.concat([before, words]));
    return true;
  }

  /** False when a quarter of what may be added is there: whoever asks for more and more answers has to wait. */
  hasRoomFor(reader: R): boolean {
    return (this.#heads.get(reader)?.length ?? 0) < this.#maxBytes / 4;
  }

  /** The page with what was to be in front of it. */
  putBefore(reader: R, page: Buffer): Buffer {
    const head = this.#heads.get(reader);
    if (head === undefined) return page;
    this.#heads.delete(reader);
    return Buffer.concat([head, page]);
  }

  forget(reader: R): void {
    this.#heads.delete(reader);
  }
}
