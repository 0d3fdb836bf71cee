import { joinIfMany } from "./join-if-many.js";

/** Bytes that a connection has received and nobody has parsed yet, in whatever pieces they came. */
export class ByteQueue {
  #pieces: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds bytes at the end. The queue keeps a reference. */
  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pieces = joinIfMany(this.#pieces);
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** The first bytes in one piece; undefined if there are fewer. Joins pieces only when they are enough. */
  peek(count: number): Buffer | undefined {
    if (this.#length < count) return undefined;
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= count) return first.subarray(0, count);
    const joined = Buffer.concat(this.#pieces, this.#length);
    this.#pieces = [joined];
    return joined.subarray(0, count);
  }

  /** Removes the first bytes, of those that {@link peek} has returned last. */
  drop(count: number): void {
    const [first] = this.#pieces;
    if (first === undefined) return;
    this.#length -= count;
    if (first.length === count) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(count);
  }
}
