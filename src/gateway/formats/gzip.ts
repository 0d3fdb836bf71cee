import { constants, deflateRawSync } from "node:zlib";
import type { ContentCoding } from "./content-coding.js";

/** Method deflate, no flags, no time, unknown system [RFC 1952 2.3]. */
const gzipHeader = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);

/**
 * The fewest bytes that the hub compresses. Deflate needs 28 µs plus 9 ns per byte at level 1 (level 6: 22 ns per
 * byte, 2% smaller). A write to a socket needs about 5 µs. A body of 180 bytes would only shrink to 150.
 */
const leastBytes = 512;

/**
 * The product of bytes and members (receiving clients) from which compression pays off. From this value on, deflate
 * costs little compared with the writes, or saves many bytes.
 */
const leastDelivered = 16 * 1024;

/** The most bytes of a stored block, and the bytes of its header [RFC 1951 3.2.4]. */
const storedBytes = 0xffff;
const storedHeaderBytes = 5;

const emptyBlock = storedHeader(0);

/**
 * Level 1 and a window of 8 KiB. Each call then allocates 64 KB of state. The default, 256 KB, made the compression
 * of small bodies a quarter more expensive.
 */
const deflateOptions = {
  level: 1,
  windowBits: 13,
  memLevel: 6,
  // The flush writes all data and ends the block at a byte boundary, without ending the stream [RFC 1951 2.3].
  finishFlush: constants.Z_SYNC_FLUSH,
};

/**
 * gzip for streams without an end. Each body becomes deflate blocks. The blocks end at a byte boundary, refer to no
 * earlier data, and are not marked as the last block. So all clients can share the same bytes, whenever they join.
 * There is no trailer [RFC 1952 2.3.1]: the stream ends only with its connection.
 */
export const gzipCoding: ContentCoding = Object.freeze({
  name: "gzip",
  header: gzipHeader,
  encode(body: Buffer, members: number): Buffer {
    if (body.length < leastBytes || body.length * members < leastDelivered) return stored(body);
    const deflated = deflateRawSync(body, { ...deflateOptions, chunkSize: body.length });
    // The copy saves memory. `deflated` is a view of a buffer as large as the body, and a cached page would keep that
    // buffer.
    return deflated.length < body.length ? Buffer.from(deflated) : stored(body);
  },
});

/**
 * The body in stored blocks: uncompressed, in a form that every decoder accepts. The empty block at the end makes
 * decoders output their data. Deflated bodies also end with an empty block. Go's decoder waits for such a block or
 * for 32 KiB.
 */
function stored(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += storedBytes) {
    const part = body.subarray(at, at + storedBytes);
    parts.push(storedHeader(part.length), part);
  }
  return Buffer.concat([...parts, emptyBlock]);
}

function storedHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(storedHeaderBytes);
  // A block of type 0 that is not the last. The rest of the byte is unused [RFC 1951 3.2.3, 3.2.4].
  header[0] = 0;
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(~length & 0xffff, 3);
  return header;
}
