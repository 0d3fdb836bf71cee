/** The sizes of buffers. The largest one holds the data of one write, and the heads of its frames. */
const sizes = [4 * 1024, 16 * 1024, 68 * 1024] as const;

/** The most bytes of each size that wait to be used again. The hub has more only while more sessions write at a time. */
const mostFreeBytes = 4.25 * 1024 * 1024;

/**
 * Buffers for writes to sockets. New buffers for each write make V8 collect garbage the whole time: with buffers of 64 KiB
 * for 500 streams, as fast as possible, a fifth of the hub's processor time, and with buffers of 3 KiB for 1,000 sessions
 * with 10 streams each, at 10 publications a second, a third [TLS, Node 20].
 */
export class WriteBuffers {
  readonly #free = new Map<number, ArrayBufferLike[]>(sizes.map((size) => [size, []]));

  /** A buffer of this length with any content. */
  take(length: number): Buffer {
    const size = sizes.find((each) => each >= length);
    if (size === undefined) return Buffer.allocUnsafe(length);
    const memory = this.#free.get(size)?.pop() ?? Buffer.allocUnsafeSlow(size).buffer;
    return Buffer.from(memory, 0, length);
  }

  /** Call this method when the system has taken the bytes of a buffer from {@link take}, and nobody reads it any more. */
  giveBack({ buffer }: Buffer): void {
    const free = this.#free.get(buffer.byteLength);
    if (free !== undefined && (free.length + 1) * buffer.byteLength <= mostFreeBytes) free.push(buffer);
  }
}
