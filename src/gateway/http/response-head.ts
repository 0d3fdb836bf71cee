import { STATUS_CODES } from "node:http";
import type { Headers, StreamStart } from "./messages.js";

/**
 * Encodes the status line and headers of a response. Never pass header values that a client sent: this function does
 * not escape header values.
 */
export function encodeHead(status: number, headers: Headers): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`,
    "latin1",
  );
}

/** The hub closes the connection after the stream, since it does not read requests on the connection. */
const closing: Headers = [["Connection", "close"]];
const inChunks: Headers = [["Transfer-Encoding", "chunked"]];

/** The last bytes of a chunked stream that ends in order [RFC 9112 7.1]. */
export const lastChunk = Buffer.from("0\r\n\r\n");

/** Encodes the response head of a stream, followed by the first bytes of the stream. */
export function encodeStreamHead({
  dialogue,
  headers,
  opening,
  isChunked = false,
}: Pick<StreamStart, "dialogue" | "headers" | "opening" | "isChunked">): Buffer {
  if (dialogue !== undefined) return Buffer.concat([encodeHead(101, headers), opening]);
  return Buffer.concat([encodeHead(200, [...headers, ...(isChunked ? inChunks : []), ...closing]), opening]);
}
