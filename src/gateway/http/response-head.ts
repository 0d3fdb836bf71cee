import { STATUS_CODES } from "node:http";
import type { Headers, StreamStart } from "./messages.js";

/** Encodes the head of a response. The caller must not pass values that a client sent: they are not escaped. */
export function encodeHead(status: number, headers: Headers): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`,
    "latin1",
  );
}

/** A stream ends with its connection, so that all clients get the same bytes without chunk sizes. */
const endsWithConnection: Headers = [["Connection", "close"]];

/** Encodes the head of a stream, followed by its first bytes. */
export function encodeStreamHead({
  dialogue,
  headers,
  opening,
}: Pick<StreamStart, "dialogue" | "headers" | "opening">): Buffer {
  const head =
    dialogue !== undefined ? encodeHead(101, headers) : encodeHead(200, [...headers, ...endsWithConnection]);
  return Buffer.concat([head, opening]);
}
