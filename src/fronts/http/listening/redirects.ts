import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { applyTimeouts } from "../node-server.js";

/** The time for a request, in milliseconds. A request of a browser is one packet. */
const requestWithinMs = 10_000;

/** The time between two checks for requests that are too slow, in milliseconds. */
const checkEveryMs = 5000;

/** The most bytes of a request head: those of a long URL with cookies. */
const headBytes = 16 * 1024;

/** A host name or an IPv4 address, or an IPv6 address in brackets; without a port. */
const hostName = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?=:\d{0,5}$|$)/i;

/**
 * Sends clients of plain HTTP to the same path at the hub's https URL. The server does not listen: it gets its
 * connections from {@link take}. Each connection ends after one answer.
 */
export class Redirects {
  readonly #port: string;
  readonly #server = createServer(
    { maxHeaderSize: headBytes, requestTimeout: requestWithinMs, connectionsCheckingInterval: checkEveryMs },
    (request, response) => this.#answer(request, response),
  );

  /** @param publicUrl the hub's URL for clients, whose port the redirects have */
  constructor(publicUrl: string) {
    const { port } = new URL(publicUrl);
    this.#port = port === "" ? "" : `:${port}`;
    applyTimeouts(this.#server);
  }

  take(socket: Socket): void {
    this.#server.emit("connection", socket);
    socket.resume();
  }

  /** Closes all connections. Safe to call twice. */
  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const host = hostName.exec(request.headers.host ?? "")?.[0];
    const path = request.url ?? "/";
    response.shouldKeepAlive = false;
    // The target of a request may be a whole URL or `*` [RFC 9112 3.2].
    if (host === undefined || !path.startsWith("/")) {
      response
        .writeHead(400, { "Content-Type": "text/plain" })
        .end("This address only redirects to https.\n");
      return;
    }
    // 308 keeps the method and the body: a client that publishes goes on at the https URL [RFC 9110 15.4.9].
    response.writeHead(308, { Location: `https://${host}${this.#port}${path}`, "Content-Length": 0 }).end();
  }
}
