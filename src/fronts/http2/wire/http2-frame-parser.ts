import { ByteQueue } from "../../../base/bytes/byte-queue.js";
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
  readonly #bytes = new ByteQueue();
  #hasPreface = false;

  /** Adds the next bytes of the client. */
  add(bytes: Buffer): void {
    this.#bytes.add(bytes);
  }

  /**
   * Returns the next frame; undefined if its end has not come yet.
   *
   * @throws ConnectionFault for a wrong preface or a frame that is too large
   */
  next(): Frame | undefined {
    if (!this.#hasPreface && !this.#takePreface()) return undefined;
    const head = this.#bytes.peek(frameHeaderBytes);
    if (head === undefined) return undefined;
    const length = head.readUIntBE(0, 3);
    if (length > mostFrameBytes)
      throw new ConnectionFault(errorCode.frameSizeError, `a frame of ${length} bytes`);
    const frame = this.#bytes.peek(frameHeaderBytes + length);
    if (frame === undefined) return undefined;
    this.#bytes.drop(frame.length);
    return {
      type: frame.readUInt8(3),
      flags: frame.readUInt8(4),
      stream: frame.readUInt32BE(5) & 0x7fff_ffff,
      payload: frame.subarray(frameHeaderBytes),
    };
  }

  #takePreface(): boolean {
    const begun = this.#bytes.peek(Math.min(this.#bytes.length, clientPreface.length));
    if (begun === undefined) return false;
    if (!begun.equals(clientPreface.subarray(0, begun.length)))
      throw new ConnectionFault(errorCode.protocolError, "the connection does not begin as HTTP/2");
    if (begun.length < clientPreface.length) return false;
    this.#bytes.drop(begun.length);
    this.#hasPreface = true;
    return true;
  }
}
