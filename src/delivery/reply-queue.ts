/** Replies that wait to be written before a reader's next page. */
export class ReplyQueue<R> {
  readonly #replies = new Map<R, Buffer>();
  readonly #maxBytes: number;

  /** @param maxBytes the largest size of all replies that wait for one reader */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  has(reader: R): boolean {
    return this.#replies.has(reader);
  }

  /** Adds a reply after the waiting replies. False if all waiting replies together are too large. */
  add(reader: R, reply: Buffer): boolean {
    const before = this.#replies.get(reader);
    if (before !== undefined && before.length + reply.length > this.#maxBytes) return false;
    this.#replies.set(reader, before === undefined ? reply : Buffer.concat([before, reply]));
    return true;
  }

  /** False if a quarter of the allowed size is used. Then the client's next requests have to wait. */
  hasRoomFor(reader: R): boolean {
    return (this.#replies.get(reader)?.length ?? 0) < this.#maxBytes / 4;
  }

  /** Returns the page with the waiting replies in front, and removes the replies from the queue. */
  putBefore(reader: R, page: Buffer): Buffer {
    const replies = this.#replies.get(reader);
    if (replies === undefined) return page;
    this.#replies.delete(reader);
    return Buffer.concat([replies, page]);
  }

  forget(reader: R): void {
    this.#replies.delete(reader);
  }
}
