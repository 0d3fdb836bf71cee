import { STATUS_CODES } from "node:http";
import type { Headers, StreamStart } from "./messages.js";

/**
 * Writes the head of a response as it goes over the wire. Values come from this project's own tables and settings;
 * nothing that a client sent may be among them.
 */
export function encodeHead(status: number, headers: Headers): Buffer {
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`);
  return Buffer.from(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Unknown"}\r\n${lines.join("")}\r\n`,
    "latin1",
  );
}

/** The stream ends with its connection: identical bytes for everybody, no chunk sizes in between. */
const endsWithConnection: Headers = [["Connection", "close"]];

/** The head of a stream as it goes over the wire, with what the stream says first. */
export function encodeStreamHead({
  dialogue,
  headers,
  opening,
}: Pick<StreamStart, "dialogue" | "headers" | "opening">): Buffer {
  const head =
    dialogue !== undefined ? encodeHead(101, headers) : encodeHead(200, [...headers, ...endsWithConnection]);
  return Buffer.concat([head, opening]);
}
