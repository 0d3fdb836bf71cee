import { writeSync } from "node:fs";
import type { Socket } from "node:net";
import { descriptorOf } from "../descriptor-of.js";

const text = "This address speaks TLS. Use https:// in place of http://.\n";

const answer = Buffer.from(
  [
    "HTTP/1.1 400 Bad Request",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${Buffer.byteLength(text)}`,
    "Connection: close",
    "",
    text,
  ].join("\r\n"),
);

/**
 * Answers a client that sent a request of plain HTTP in place of a handshake. Goes around Node, which would encrypt the
 * answer. The caller closes the connection.
 */
export function answerPlainHttp(raw: Socket): void {
  const fd = descriptorOf(raw);
  if (fd === undefined) return;
  try {
    writeSync(fd, answer);
  } catch {
    // The client has left, or its buffer is full; it then gets no answer.
  }
}
