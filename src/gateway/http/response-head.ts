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

/** A stream ends when its connection closes. So all clients get the same bytes, without chunk sizes. */
const endsWithConnection: Headers = [["Connection", "close"]];

/** Encodes the response head of a stream, followed by the first bytes of the stream. */
export function encodeStreamHead({
  dialogue,
  headers,
  opening,
}: Pick<StreamStart, "dialogue" | "headers" | "opening">): Buffer {
  const head =
    dialogue !== undefined ? encodeHead(101, headers) : encodeHead(200, [...headers, ...endsWithConnection]);
  return Buffer.concat([head, opening]);
}
