import { readFileSync } from "node:fs";
import { createServer } from "node:tls";

// A server of `node:tls` alone: it answers each request with the head of an event stream, and keeps the connection.
// Usage: node bare-tls-server.mjs CERT KEY. The first line of the output is the port.
const [, , certFile = "", keyFile = ""] = process.argv;
const server = createServer(
  { cert: readFileSync(certFile), key: readFileSync(keyFile), noDelay: true },
  (socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nretry: 3000\n\n");
      socket.resume();
    });
  },
);
server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () =>
  process.stdout.write(`${server.address().port}\n`),
);
