import { HttpPublisher } from "../../src/publisher/http-publisher.js";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { onTestFinished } from "vitest";

/** A request that the hub has received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** The number of the connection, from 1. */
  readonly connection: number;
}

/** Answers a request and returns true. If the hook returns false, the hub answers the request. */
export type Hook = (request: Received, response: ServerResponse) => boolean | Promise<boolean>;

/**
 * An HTTP server that accepts publications like a hub, and records every request. A hook can change the answers of the
 * server.
 */
export class FakeHub {
  readonly requests: Received[] = [];
  readonly #server: Server;
  readonly #sockets = new Map<Socket, number>();
  #ids = 0;
  /** The hub calls this hook first for each request. */
  hook: Hook = () => false;

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
    this.#server.on("connection", (socket) => void this.#sockets.set(socket, this.#sockets.size + 1));
  }

  static async start(port = 0): Promise<FakeHub> {
    const hub = new FakeHub();
    await new Promise<void>((resolve) => hub.#server.listen(port, "127.0.0.1", resolve));
    onTestFinished(() => hub.close());
    return hub;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The `data` of all publications in order, both from single requests and from batches. */
  get data(): string[] {
    return this.requests.flatMap(({ path, body }) =>
      path === "/publish"
        ? body
            .trim()
            .split("\n")
            .map((line) => String(JSON.parse(line).data))
        : [new URLSearchParams(body).get("data") ?? ""],
    );
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const received: Received = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      connection: this.#sockets.get(request.socket) ?? 0,
    };
    if (await this.hook(received, response)) return;
    this.requests.push(received);
    if (received.path === "/publish") {
      const ids = received.body
        .trim()
        .split("\n")
        .map(() => this.#newId());
      response.setHeader("Content-Type", "application/json").end(`${JSON.stringify({ ids })}\n`);
    } else response.setHeader("Content-Type", "text/plain; charset=utf-8").end(this.#newId());
  }

  #newId(): string {
    this.#ids += 1;
    return `#e:${this.#ids}`;
  }
}

/** A hook that answers every request with this response. */
export function answering(status: number, type: string, text: string): Hook {
  return (_, response) => {
    response.writeHead(status, { "Content-Type": type }).end(text);
    return true;
  };
}

/** Starts a fake hub, and a publisher for this hub. */
export async function open(options: ConstructorParameters<typeof HttpPublisher>[1] = {}) {
  const hub = await FakeHub.start();
  return { hub, publisher: new HttpPublisher(hub.origin, options) };
}

/** A hook that refuses every request with this reason. */
export const problem = (status: number, detail: string) =>
  answering(status, "application/problem+json", JSON.stringify({ title: "x", status, detail }));
