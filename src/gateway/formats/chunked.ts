import type { Coding } from "../../hub/publications/content-coding.js";

const lineEnd = Buffer.from("\r\n");

/**
 * Writes bytes as one chunk [RFC 9112 7.1]. The size line depends only on these bytes, so all clients of a cohort can get
 * the same chunk. Empty input stays empty, because an empty chunk would end the response.
 */
export function encodeChunk(body: Buffer): Buffer {
  if (body.length === 0) return body;
  return Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, lineEnd]);
}

/** The coding of a chunked response: each write is one chunk, after the content coding if there is one. */
export function chunked(coding: Coding | undefined): Coding {
  return coding === undefined ? plainChunks : (codedChunks.get(coding) ?? createChunked(coding));
}

const plainChunks: Coding = Object.freeze({ name: "chunked", encode: encodeChunk });

const codedChunks = new WeakMap<Coding, Coding>();

function createChunked(coding: Coding): Coding {
  const created: Coding = Object.freeze({
    name: `${coding.name}, chunked`,
    encode: (body: Buffer, members: number) => encodeChunk(coding.encode(body, members)),
  });
  codedChunks.set(coding, created);
  return created;
}
