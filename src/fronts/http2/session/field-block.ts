import type { HpackDecoder } from "../hpack/hpack-decoder.js";
import { joinIfMany } from "../../../base/bytes/join-if-many.js";
import { ConnectionFault, errorCode } from "../wire/protocol.js";
import type { HeaderField } from "../wire/request-fields.js";

/** The fields of a block. */
export interface DecodedFields {
  readonly fields: readonly HeaderField[];
  /** True if fields were dropped, because they are too large for every limit. */
  readonly isCut: boolean;
}

/**
 * The header block of one stream, from one or several frames. A block may be twice as large as the limit of a head, so
 * that the response can still tell the client that the head is too large.
 */
export class FieldBlock {
  readonly stream: number;
  /** True if the request has no body. */
  readonly isEnd: boolean;
  readonly #mostBytes: number;
  #pieces: Buffer[] = [];
  #length = 0;

  /** @param headBytes the most bytes of a head */
  constructor(stream: number, isEnd: boolean, headBytes: number) {
    this.stream = stream;
    this.isEnd = isEnd;
    this.#mostBytes = 2 * headBytes;
  }

  /** @throws ConnectionFault if the block is too large to be decoded */
  add(bytes: Buffer): void {
    this.#length += bytes.length;
    if (this.#length > this.#mostBytes)
      throw new ConnectionFault(errorCode.enhanceYourCalm, "the head of a request is too large");
    this.#pieces = joinIfMany(this.#pieces);
    // The bytes are part of a larger buffer, which the block must not keep.
    this.#pieces.push(Buffer.from(bytes));
  }

  /**
   * Decodes the block. Drops fields above twice the limit of a head: a few bytes of a block may stand for many fields.
   *
   * @throws HpackError
   */
  decode(decoder: HpackDecoder): DecodedFields {
    const fields: HeaderField[] = [];
    let bytes = 0;
    decoder.decode(Buffer.concat(this.#pieces, this.#length), (name, value) => {
      // With the overhead that the standard counts for a field [RFC 9113 6.5.2], an empty field counts, too.
      bytes += name.length + value.length + 32;
      if (bytes <= this.#mostBytes) fields.push([name, value]);
    });
    return { fields, isCut: bytes > this.#mostBytes };
  }
}
