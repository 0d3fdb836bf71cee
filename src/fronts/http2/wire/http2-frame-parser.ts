import { joinIfMany } from "./join-if-many.js";
import { clientPreface, ConnectionFault, errorCode, frameHeaderBytes, mostFrameBytes } from "./protocol.js";

/** A frame from the client. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  /** The id of the stream; 0 for the connection. */
  readonly stream: number;
  /** Part of a larger buffer. Copy bytes that you store for long. */
  readonly payload: Buffer;
}

/**
 * Takes the bytes of a client apart into frames, whatever the pieces in which they come. The parser holds at most one
 * incomplete frame beside the bytes that were added last.
 */
export class Http2FrameParser {
  /** The bytes that are not parsed yet, in order. */
  #pieces: Buffer[] = [];
  #length = 0;
  #hasPreface = false;

  /** Adds the next bytes of the client. */
  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#pieces = joinIfMany(this.#pieces);
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /**
   * Returns the next frame; undefined if its end has not come yet.
   *
   * @throws ConnectionFault for a wrong preface or a frame that is too large
   */
  next(): Frame | undefined {
    if (!this.#hasPreface && !this.#takePreface()) return undefined;
    const head = this.#peek(frameHeaderBytes);
    if (head === undefined) return undefined;
    const length = head.readUIntBE(0, 3);
    if (length > mostFrameBytes)
      throw new ConnectionFault(errorCode.frameSizeError, `a frame of ${length} bytes`);
    const frame = this.#peek(frameHeaderBytes + length);
    if (frame === undefined) return undefined;
    this.#drop(frame.length);
    return {
      type: frame.readUInt8(3),
      flags: frame.readUInt8(4),
      stream: frame.readUInt32BE(5) & 0x7fff_ffff,
      payload: frame.subarray(frameHeaderBytes),
    };
  }

  #takePreface(): boolean {
    const begun = this.#peek(Math.min(this.#length, clientPreface.length));
    if (begun === undefined) return false;
    if (!begun.equals(clientPreface.subarray(0, begun.length)))
      throw new ConnectionFault(errorCode.protocolError, "the connection does not begin as HTTP/2");
    if (begun.length < clientPreface.length) return false;
    this.#drop(begun.length);
    this.#hasPreface = true;
    return true;
  }

  /** The next bytes in one piece; undefined if there are fewer. Joins pieces only when they are enough. */
  #peek(bytes: number): Buffer | undefined {
    if (this.#length < bytes) return undefined;
    const [first] = this.#pieces;
    if (first !== undefined && first.length >= bytes) return first.subarray(0, bytes);
    const joined = Buffer.concat(this.#pieces, this.#length);
    this.#pieces = [joined];
    return joined.subarray(0, bytes);
  }

  /** Removes bytes that {@link #peek} has returned. */
  #drop(bytes: number): void {
    const [first] = this.#pieces;
    if (first === undefined) return;
    this.#length -= bytes;
    if (first.length === bytes) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(bytes);
  }
}
