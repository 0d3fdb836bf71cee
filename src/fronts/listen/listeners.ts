import { createServer } from "node:net";
import type { Server, Socket } from "node:net";
import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import type { BoundAddress } from "../front.js";
import { bindSystemd } from "./bind/bind-systemd.js";
import { bindTcp } from "./bind/bind-tcp.js";
import { bindUnix } from "./bind/bind-unix.js";
import type { Binding, CreateServer } from "./bind/binding.js";
import type { AcceptedAt, Listener } from "./listener.js";

export interface ListenersOptions {
  readonly listeners: readonly Listener[];
  /** The limit of open connections of all listeners together, in this process. Read at each use. */
  readonly limits: { readonly connections: number };
  /** Gets each connection. Nothing is read from the connection yet. */
  readonly accept: (socket: Socket, at: AcceptedAt) => void;
  /** Called for each connection that is closed at once, because the limit is reached. */
  readonly dropped: () => void;
  readonly logger: Logger;
}

/**
 * Binds the addresses of the hub's clients, and accepts their connections. The connections are paused: another process
 * may read their first bytes.
 */
export class Listeners {
  readonly #options: ListenersOptions;
  readonly #servers: Server[] = [];
  readonly #bindings: Binding[] = [];
  #open = 0;

  constructor(options: ListenersOptions) {
    this.#options = options;
  }

  /**
   * Binds all addresses, or none. Resolves with the bound addresses, in the order of the listeners.
   *
   * @throws PharosError `unreachable` if an address cannot be bound
   */
  async open(): Promise<readonly BoundAddress[]> {
    const bound: BoundAddress[] = [];
    for (const [index, listener] of this.#options.listeners.entries()) {
      try {
        const bindings = await this.#bind(listener, index);
        this.#bindings.push(...bindings);
        const redirects = listener.redirects ? { redirects: true } : {};
        for (const each of bindings) bound.push({ ...each.bound, ...redirects });
      } catch (error) {
        this.close();
        throw cannotListen(listener, error);
      }
    }
    for (const { server } of this.#bindings) this.#logErrors(server);
    return bound;
  }

  /** Call this method after a change of the limits. Open connections above a smaller limit stay open. */
  limitsChanged(): void {
    for (const server of this.#servers) server.maxConnections = this.#options.limits.connections;
  }

  /** Accepts no further connections. Open connections stay open. Safe to call twice. */
  close(): void {
    // By the second call, the path may belong to the next hub.
    for (const { remove } of this.#bindings.splice(0)) remove?.();
    for (const server of this.#servers) server.close();
  }

  #bind(listener: Listener, index: number): Promise<readonly Binding[]> {
    const { address, secure, socketMode } = listener;
    const create: CreateServer = () => this.#createServer(listener, index);
    switch (address.kind) {
      case "tcp":
        return bindTcp(create, { ...address, secure });
      case "unix":
        return bindUnix(create, { path: address.path, mode: socketMode });
      case "systemd":
        return bindSystemd(create, { ...address, secure });
      default:
        return address satisfies never;
    }
  }

  #createServer({ secure, redirects }: Listener, index: number): Server {
    // With half-open connections, a client that ends its side still gets its answers. Without a delay, the kernel sends
    // the end of a round at once, also while earlier bytes are not acknowledged.
    const server = createServer({ pauseOnConnect: true, allowHalfOpen: true, noDelay: true });
    this.#servers.push(server);
    // For one listener alone, the limit costs no socket object.
    server.maxConnections = this.#options.limits.connections;
    server.on("drop", () => this.#options.dropped());
    server.once("listening", () => {
      const address = server.address();
      // Node knows no address of a unix socket that it has not bound itself.
      const isUnix = address === null || typeof address === "string";
      const at = { listener: index, secure, redirects, isUnix };
      server.on("connection", (socket) => this.#accept(socket, at));
    });
    return server;
  }

  #accept(socket: Socket, at: AcceptedAt): void {
    const { limits, dropped, accept } = this.#options;
    this.#open += 1;
    socket.on("close", this.#countClosed);
    if (this.#open <= limits.connections) return accept(socket, at);
    dropped();
    socket.destroy();
  }

  readonly #countClosed = (): void => {
    this.#open -= 1;
  };

  /** The process may lack memory or descriptors for one connection. Later connections may succeed. */
  #logErrors(server: Server): void {
    server.on("error", (error) =>
      this.#options.logger.error({ error }, "a connection could not be accepted"),
    );
  }
}

function cannotListen({ address }: Listener, cause: unknown): PharosError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PharosError("unreachable", `cannot listen on ${textOf(address)}: ${reason}`, { cause });
}

/** The address as an operator writes it. */
function textOf(address: Listener["address"]): string {
  switch (address.kind) {
    case "tcp":
      return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
    case "unix":
      return `unix:${address.path}`;
    case "systemd":
      return address.name === undefined ? "systemd" : `systemd:${address.name}`;
    default:
      return address satisfies never;
  }
}
