/** A frame of a ZMTP connection. */
export interface ZmtpFrame {
  readonly isCommand: boolean;
  /** True if further frames of the message follow. */
  readonly hasMore: boolean;
  /** Shares memory with the received bytes, which never change. */
  readonly body: Buffer;
}

const flag = { more: 0x01, long: 0x02, command: 0x04 } as const;

const nothing: Buffer = Buffer.alloc(0);

/**
 * Cuts the bytes of one connection into frames [ZMTP 3.1, Framing]. The memory in use is at most twice the received
 * bytes that are not yet read, and a chunk, regardless of the sizes of the chunks and of the announced size of a frame.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  #buffer = nothing;
  /** The unread bytes are between these indexes. */
  #start = 0;
  #end = 0;

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The bytes that have arrived and are not yet read, at most `count`. They are valid until the next {@link push}. */
  peek(count: number): Buffer {
    return this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + count));
  }

  skip(count: number): void {
    this.#start += count;
    if (this.#start === this.#end) this.#replace(nothing, 0);
  }

  /** Adds a chunk. The reader may keep the chunk. */
  push(chunk: Buffer): void {
    const unread = this.#end - this.#start;
    if (unread === 0) return this.#replace(chunk, chunk.length);
    if (this.#end + chunk.length > this.#buffer.length) {
      const larger = Buffer.allocUnsafeSlow((unread + chunk.length) * 2);
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#replace(larger, unread);
    }
    this.#end += chunk.copy(this.#buffer, this.#end);
  }

  /** The next frame; undefined if it has not arrived completely; `invalid` if no valid frame can follow. */
  frame(): ZmtpFrame | "invalid" | undefined {
    if (this.#start === this.#end) return undefined;
    const flags = this.#buffer.readUInt8(this.#start);
    if ((flags & ~(flag.more | flag.long | flag.command)) !== 0) return "invalid";
    const headBytes = (flags & flag.long) === 0 ? 2 : 9;
    const bodyAt = this.#start + headBytes;
    if (bodyAt > this.#end) return undefined;
    const bytes = this.#bodyBytes(headBytes);
    if (bytes > this.#maxFrameBytes) return "invalid";
    if (bodyAt + bytes > this.#end) return undefined;
    const body = this.#buffer.subarray(bodyAt, bodyAt + bytes);
    this.skip(headBytes + bytes);
    return { isCommand: (flags & flag.command) !== 0, hasMore: (flags & flag.more) !== 0, body };
  }

  #bodyBytes(headBytes: number): number {
    const at = this.#start + 1;
    return headBytes === 2 ? this.#buffer.readUInt8(at) : Number(this.#buffer.readBigUInt64BE(at));
  }

  #replace(buffer: Buffer, end: number): void {
    this.#buffer = buffer;
    this.#start = 0;
    this.#end = end;
  }
}
