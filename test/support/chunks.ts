/** The decoded part of a response in chunks. */
export interface Chunks {
  readonly body: Buffer;
  /** True if the last chunk has arrived. */
  readonly isEnded: boolean;
  /** The bytes after the last chunk, or of a chunk that is incomplete. */
  readonly rest: Buffer;
}

/** Decodes all complete chunks [RFC 9112 7.1]. Throws for bytes that are no chunk. */
export function decodeChunks(bytes: Buffer): Chunks {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return { body: Buffer.concat(parts), isEnded: false, rest: bytes.subarray(at) };
    const size = parseSize(bytes.toString("latin1", at, end));
    const next = end + 2 + size + 2;
    if (next > bytes.length) return { body: Buffer.concat(parts), isEnded: false, rest: bytes.subarray(at) };
    if (bytes.toString("latin1", next - 2, next) !== "\r\n") throw new Error("a chunk must end with CRLF");
    if (size === 0) return { body: Buffer.concat(parts), isEnded: true, rest: bytes.subarray(next) };
    parts.push(bytes.subarray(end + 2, next - 2));
    at = next;
  }
}

function parseSize(text: string): number {
  if (!/^[0-9a-f]{1,8}$/.test(text))
    throw new Error(`this is no size of a chunk: ${JSON.stringify(text.slice(0, 40))}`);
  return Number.parseInt(text, 16);
}
