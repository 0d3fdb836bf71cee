import type { BodyMessage } from "./body-message.js";
import { ChunkJoiner } from "./chunk-joiner.js";
import { HeadScanner } from "./head-scanner.js";

/** Bytes for Node's parser, and the number of received bytes that they replace. */
export interface FramedBytes {
  readonly bytes: Buffer;
  readonly used: number;
}

/**
 * Follows the requests in the bytes of one connection, as Node's parser does: head, body, head, body. Divides the bytes
 * so that the parser gets at most one head or a part of one body at a time, and a chunked body in few chunks.
 */
export class RequestFraming {
  readonly #takeNewest: () => BodyMessage | undefined;
  readonly #heads = new HeadScanner();
  /** The bytes of an announced body that are to come. */
  #bodyBytes = 0;
  #chunks: ChunkJoiner | undefined;

  /** @param takeNewest the request on this connection whose head Node's parser has read since the last call */
  constructor(takeNewest: () => BodyMessage | undefined) {
    this.#takeNewest = takeNewest;
  }

  /** True while the next bytes belong to a body. */
  get isInBody(): boolean {
    return this.#bodyBytes > 0 || this.#chunks !== undefined;
  }

  /** The first part of these bytes. Pass it to the parser, and then call {@link passed}. */
  next(bytes: Buffer): FramedBytes {
    if (this.#chunks !== undefined) return this.#nextChunks(this.#chunks, bytes);
    const used = this.#bodyBytes > 0 ? this.#nextBody(bytes) : (this.#heads.endIn(bytes) ?? bytes.length);
    return { bytes: used < bytes.length ? bytes.subarray(0, used) : bytes, used };
  }

  /** Call this method when the parser has the part. A request begins a body only if the parser has accepted its head. */
  passed(): void {
    const message = this.#takeNewest();
    if (message === undefined) return;
    if (message.head.hasChunkedBody) this.#chunks = new ChunkJoiner();
    else this.#bodyBytes = message.head.announcedBytes;
  }

  #nextChunks(chunks: ChunkJoiner, bytes: Buffer): FramedBytes {
    const { joined, used } = chunks.join(bytes);
    if (!chunks.isDone) return { bytes: joined, used };
    this.#chunks = undefined;
    this.#heads.beginTrailer();
    const rest = bytes.subarray(used);
    const trailer = rest.subarray(0, this.#heads.endIn(rest));
    return { bytes: Buffer.concat([joined, trailer]), used: used + trailer.length };
  }

  #nextBody(bytes: Buffer): number {
    const used = Math.min(this.#bodyBytes, bytes.length);
    this.#bodyBytes -= used;
    return used;
  }
}
