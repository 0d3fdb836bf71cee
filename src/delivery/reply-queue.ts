import type { FanoutLimits } from "../limits/fanout.js";

/** Replies that wait to be written before a reader's next page. */
export class ReplyQueue<R> {
  readonly #replies = new Map<R, Buffer>();
  readonly #limits: Pick<FanoutLimits, "roundBytes">;

  /** @param limits of all replies that wait for one reader; read at each use */
  constructor(limits: Pick<FanoutLimits, "roundBytes">) {
    this.#limits = limits;
  }

  has(reader: R): boolean {
    return this.#replies.has(reader);
  }

  /** Adds a reply after the waiting replies. False if all waiting replies together are too large. */
  add(reader: R, reply: Buffer): boolean {
    const before = this.#replies.get(reader);
    if (before !== undefined && before.length + reply.length > this.#limits.roundBytes) return false;
    this.#replies.set(reader, before === undefined ? reply : Buffer.concat([before, reply]));
    return true;
  }

  /** False if a quarter of the allowed size is used. Then the client's next requests have to wait. */
  hasRoomFor(reader: R): boolean {
    return (this.#replies.get(reader)?.length ?? 0) < this.#limits.roundBytes / 4;
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
