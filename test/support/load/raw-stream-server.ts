import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";
import type { OnEnd } from "../on-end.js";
import { atTestEnd } from "../on-end.js";
import { parsePort } from "../parse-port.js";
import type { TestCertificate } from "../tls/certificates.js";
import { defaultStream, encodePayload, monotonicUs } from "./payload.js";

/** Events in the form that a hub sends. Each event has an id and a payload, numbered from `from`. */
export function encodeEvents(options: {
  readonly from: number;
  readonly events: number;
  /** Bytes of each payload. @default 200 */
  readonly bytes?: number;
  /** @default "load" */
  readonly stream?: string;
}): Buffer {
  const { from, events, bytes = 200, stream = defaultStream } = options;
  let text = "";
  for (let sequence = from; sequence < from + events; sequence += 1)
    text += `id: #test:${sequence}\ndata: ${encodePayload({ stream, sequence, sentUs: monotonicUs(), bytes })}\n\n`;
  return Buffer.from(text);
}

/** The response head of an event stream. */
export const streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";

/**
 * A server of prepared bytes, for tests of the clients. The server answers each request with `head`, and then writes
 * the same bytes to all connections.
 */
export class RawStreamServer {
  readonly requests: string[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  constructor(
    head: string | ((request: string) => string | Buffer),
    certificate: TestCertificate | undefined,
  ) {
    const accept = (socket: Socket): void => {
      socket.on("error", () => undefined);
      socket.on("close", () => this.sockets.delete(socket));
      socket.once("data", (request) => {
        this.requests.push(request.toString("latin1"));
        socket.resume();
        socket.write(typeof head === "string" ? head : head(request.toString("latin1")));
        this.sockets.add(socket);
      });
    };
    this.#server = certificate === undefined ? createServer(accept) : createTlsServer(certificate, accept);
  }

  get port(): number {
    return parsePort(this.#server.address());
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) =>
      this.#server.listen({ port: 0, host: "127.0.0.1", backlog: 511 }, resolve),
    );
  }

  /** Writes to all connections. Resolves when no socket of this process has bytes left to write. */
  async write(bytes: Buffer): Promise<void> {
    await Promise.all([...this.sockets].map(async (socket) => writeTo(socket, bytes)));
  }

  /** Ends all connections, but not the listener. */
  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Starts a {@link RawStreamServer} on a free port. */
export async function startRawStreamServer(
  options: {
    /** The response to each request. @default {@link streamHead} */
    readonly head?: string | ((request: string) => string | Buffer);
    /** For clients of TLS. @default the clients do not speak TLS */
    readonly certificate?: TestCertificate;
    readonly onEnd?: OnEnd;
  } = {},
): Promise<RawStreamServer> {
  const server = new RawStreamServer(options.head ?? streamHead, options.certificate);
  await server.listen();
  (options.onEnd ?? atTestEnd)(() => server.close());
  return server;
}

async function writeTo(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed) return;
  if (socket.write(bytes)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      socket.off("drain", go).off("close", go);
      resolve();
    };
    socket.once("drain", go).once("close", go);
  });
}
