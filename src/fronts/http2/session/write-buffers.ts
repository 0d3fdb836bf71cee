/** The size of each buffer: the data of one write, and the heads of its frames. */
const bufferBytes = 68 * 1024;

/** Node itself cuts smaller buffers out of a larger one. */
const smallBytes = 4 * 1024;

/** The most buffers that wait to be used again, 4.25 MiB. More are in use only while more sessions write at a time. */
const mostFree = 64;

/**
 * Buffers for writes to sockets. A new buffer of 64 KiB for each write costs a fifth of the hub's processor time, most of
 * it to collect the buffers again [500 streams with TLS, as fast as possible, Node 20].
 */
export class WriteBuffers {
  readonly #free: Buffer[] = [];

  /** A buffer of this length with any content. */
  take(length: number): Buffer {
    if (length <= smallBytes || length > bufferBytes) return Buffer.allocUnsafe(length);
    return (this.#free.pop() ?? Buffer.allocUnsafeSlow(bufferBytes)).subarray(0, length);
  }

  /** Call this method when the system has taken the bytes of a buffer from {@link take}, and nobody reads it any more. */
  giveBack(buffer: Buffer): void {
    const whole = buffer.buffer.byteLength === bufferBytes;
    if (whole && this.#free.length < mostFree) this.#free.push(Buffer.from(buffer.buffer));
  }
}
