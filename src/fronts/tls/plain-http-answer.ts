import type { Socket } from "node:net";

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
 * Answers a client that sent a request of plain HTTP in place of a handshake. The answer goes to the socket below TLS.
 * Node gives it to the kernel at once, so the caller may close the connection.
 */
export function answerPlainHttp(raw: Socket): void {
  raw.write(answer);
}
