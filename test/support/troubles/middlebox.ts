import { once } from "node:events";
import {
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  ServerResponse,
} from "node:http";
import { createServer, request as httpsRequest, type Server } from "node:https";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { buffer } from "node:stream/consumers";
import { connect } from "node:tls";
import { atTestEnd } from "../on-end.js";
import type { Nginx } from "../nginx.js";

/**
 * - `transparent`: forwards everything at once.
 * - `head-only`: forwards the head of each response at once, and the body at its end. WebSockets pass.
 * - `holding`: forwards each response at its end, and forwards no upgrade: a WebSocket becomes a plain request.
 * - `not-found`: answers 404 itself.
 */
export type MiddleboxMode = "transparent" | "head-only" | "holding" | "not-found";

/** An HTTPS proxy in front of nginx, with the certificate of nginx. Tests can change its mode while it runs. */
export class Middlebox {
  readonly #nginx: Nginx;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  mode: MiddleboxMode = "transparent";

  constructor(nginx: Nginx) {
    this.#nginx = nginx;
    const { key, certificate } = nginx;
    this.#server = createServer({ key, cert: certificate }, (request, response) =>
      this.#answer(request, response),
    );
    this.#server.on("upgrade", (request, socket) => this.#upgrade(request, socket));
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  async listen(port: number): Promise<void> {
    this.#server.listen(port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Cuts all connections, and accepts no more. Safe to call twice. */
  async shut(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { mode } = this;
    if (mode === "not-found") {
      response.writeHead(404, { "Content-Type": "text/html" }).end("<h1>404 Not Found</h1>\n");
      return;
    }
    const { method, url: path } = request;
    const headers = forwarded(request.headers);
    const sent = httpsRequest({ ...this.#upstream(), method, path, headers }, (answer) => {
      void forward(answer, response, mode).catch(() => response.destroy());
    });
    sent.on("error", () => response.destroy());
    response.once("close", () => sent.destroy());
    request.pipe(sent);
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    socket.on("error", () => undefined);
    if (this.mode === "holding" || this.mode === "not-found") {
      const response = new ServerResponse(request);
      // Both types are the same class: the server's sockets are TLS sockets.
      response.assignSocket(socket as Socket);
      response.once("finish", () => socket.end());
      this.#answer(request, response);
      return;
    }
    const upstream = connect(this.#upstream());
    upstream.on("error", () => socket.destroy());
    upstream.once("close", () => socket.destroy());
    socket.once("close", () => upstream.destroy());
    upstream.write(headOf(request));
    upstream.pipe(socket);
    socket.pipe(upstream);
  }

  #upstream(): { host: string; port: number; servername: string; ca: string } {
    const { port, certificate } = this.#nginx;
    return { host: "127.0.0.1", port, servername: "localhost", ca: certificate };
  }
}

async function forward(
  answer: IncomingMessage,
  response: ServerResponse,
  mode: Exclude<MiddleboxMode, "not-found">,
): Promise<void> {
  const { statusCode = 502 } = answer;
  const headers: OutgoingHttpHeaders = forwarded(answer.headers);
  if (mode === "holding") {
    const body = await buffer(answer);
    response.writeHead(statusCode, headers).end(body);
    return;
  }
  response.writeHead(statusCode, headers).flushHeaders();
  if (mode === "transparent") answer.pipe(response);
  else response.end(await buffer(answer));
}

/** The headers that a proxy passes on: all but those of the connection [RFC 9110 7.6.1]. */
function forwarded(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const ofConnection = new Set(["connection", "keep-alive", "upgrade", "transfer-encoding"]);
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofConnection.has(name)));
}

function headOf({ method, url, rawHeaders }: IncomingMessage): string {
  const lines = rawHeaders.flatMap((name, n) => (n % 2 === 0 ? [`${name}: ${rawHeaders[n + 1]}\r\n`] : []));
  return `${method} ${url} HTTP/1.1\r\n${lines.join("")}\r\n`;
}

/** Makes a middlebox that does not listen yet. The middlebox ends with the test. */
export function makeMiddlebox(nginx: Nginx): Middlebox {
  const middlebox = new Middlebox(nginx);
  atTestEnd(() => middlebox.shut());
  return middlebox;
}
