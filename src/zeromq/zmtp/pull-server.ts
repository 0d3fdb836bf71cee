import { createServer, type Server, type Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import type { Logger } from "../../base/log.js";
import { TurnBudget } from "../../base/turn-budget.js";
import type { Endpoint } from "../endpoint.js";
import type { MessageSource } from "../message-source.js";
import { listen } from "./listen.js";
import { PublisherConnection } from "./publisher-connection.js";

export interface PullServerOptions {
  /** An endpoint to bind, on this machine. An `ipc` path must be a file. */
  readonly endpoint: Endpoint;
  /** The largest frame in bytes. A publisher that sends a larger frame is disconnected, and its message is dropped. */
  readonly maxFrameBytes: number;
  /** The most frames of a message that are kept. The server drops further frames of the message. */
  readonly mostFrames: number;
  /** Returns false if the connection has no descriptor for a publisher. The function has then closed the connection. */
  readonly admit: (socket: Socket) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Detects a publisher whose network is gone: the system sends probes after this time without data. */
const keepAliveMs = 30_000;

/**
 * A PULL socket that binds an endpoint without keys [ZMTP 3.1, RFC 30]. The server takes messages from the publishers
 * in turn. It reads from a publisher only while no message of the publisher waits, so publishers wait if the hub is
 * busy. The sockets are Node's and not libzmq's: without a descriptor for a publisher on an `ipc` endpoint, libzmq 4.3.5
 * ends the process (ipc_listener.cpp).
 */
export class PullServer implements MessageSource {
  readonly address: string;
  readonly #options: PullServerOptions;
  readonly #server: Server;
  readonly #budget: TurnBudget;
  readonly #sockets = new Set<Socket>();
  /** The connections in which a message waits; the longest wait is first. */
  readonly #waiting = new Set<PublisherConnection>();
  #closed = false;
  #wake: () => void = () => undefined;

  /** @throws PharosError `bad-endpoint` if the endpoint cannot be bound */
  static async open(options: PullServerOptions): Promise<PullServer> {
    const server = createServer();
    return new PullServer(server, await listen(server, options.endpoint), options);
  }

  private constructor(server: Server, address: string, options: PullServerOptions) {
    this.#server = server;
    this.address = address;
    this.#options = options;
    this.#budget = new TurnBudget(options.clock);
    server.on("connection", (socket) => this.#connect(socket));
    server.on("error", (error) => options.logger.warn({ error, address }, "a publisher could not connect"));
  }

  receive(): readonly Buffer[] | Promise<readonly Buffer[]> {
    if (this.#closed) throw new Error("the socket is closed");
    return this.#next() ?? this.#nextLater();
  }

  async #nextLater(): Promise<readonly Buffer[]> {
    await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.receive();
  }

  close(): void {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    this.#waiting.clear();
    this.#wake();
  }

  #next(): readonly Buffer[] | undefined {
    const [connection] = this.#waiting;
    if (connection === undefined) return undefined;
    this.#waiting.delete(connection);
    const message = connection.next();
    if (connection.hasMessage) this.#waiting.add(connection);
    return message;
  }

  #connect(socket: Socket): void {
    if (!this.#options.admit(socket)) return;
    socket.setKeepAlive(true, keepAliveMs);
    this.#sockets.add(socket);
    // An error is always followed by `close`.
    socket.on("error", () => undefined).on("close", () => this.#sockets.delete(socket));
    const connection = new PublisherConnection({
      ...this.#options,
      socket,
      budget: this.#budget,
      onMessage: () => {
        this.#waiting.add(connection);
        this.#wake();
      },
    });
  }
}
