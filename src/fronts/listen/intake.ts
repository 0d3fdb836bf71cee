import type { Socket } from "node:net";
import { limitedLog } from "../../base/log.js";
import type { LimitedLog } from "../../base/log.js";
import type { CutReason } from "../../base/metrics.js";
import { unixPeer } from "../../gateway/http/client-address.js";
import { ConnectionDescriptors } from "../connection-descriptors.js";
import type { ConnectionDescriptorsOptions } from "../connection-descriptors.js";
import type { AcceptedAt } from "./listener.js";
import type { SecureConnections } from "../tls/secure-connections.js";
import { ProxyPeers } from "./proxy/proxy-peers.js";
import { readProxyHeader } from "./proxy/read-proxy-header.js";

/** The client of a connection. */
export interface ConnectionClient {
  /**
   * The address of the client, or of the HTTP proxy in front of the client; `unix` for a program at a unix socket.
   */
  readonly peer: string;
  /** False if a proxy has passed the connection on, with a PROXY header. */
  readonly isDirect: boolean;
}

/** A connection whose next bytes are a request. */
export interface ReadyConnection extends ConnectionClient {
  readonly socket: Socket;
}

export interface IntakeOptions extends ConnectionDescriptorsOptions {
  /** The addresses and networks of proxies that must send a PROXY header. */
  readonly proxyProtocol: readonly string[];
  /** Makes the handshakes; undefined if no listener is secure. */
  readonly secureConnections: SecureConnections | undefined;
  /** Gets each connection that is admitted, after its handshake. */
  readonly ready: (arrival: ReadyConnection) => void;
  /** Gets each connection to an address that only redirects. */
  readonly redirect: (socket: Socket) => void;
}

/** A paused connection from which nothing was read. */
export interface Incoming {
  readonly socket: Socket;
  readonly at: AcceptedAt;
  /**
   * Counts the connection, and returns the callback for its end. Returns undefined if the client's address has as many
   * connections as allowed.
   */
  readonly admit: (client: ConnectionClient) => (() => void) | undefined;
}

/** The shortest time between two log lines about PROXY headers, in milliseconds. */
const warnEveryMs = 10_000;

/**
 * Prepares accepted connections for the HTTP front, in the process that reads from them. The first bytes of a connection
 * from a listed proxy are a PROXY header, which names the client.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #descriptors: ConnectionDescriptors;
  readonly #proxies: ProxyPeers;
  readonly #warn: LimitedLog;
  /** The connections whose PROXY header is not read yet. */
  readonly #unread = new Set<Socket>();
  #isClosed = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#descriptors = new ConnectionDescriptors("client", options);
    this.#proxies = new ProxyPeers(options.proxyProtocol);
    this.#warn = limitedLog({ ...options, periodMs: warnEveryMs });
  }

  /**
   * Takes a connection. Closes it if a limit is reached, if its PROXY header is missing or malformed, or if the intake is
   * closed.
   */
  take(incoming: Incoming): void {
    const { socket, at } = incoming;
    if (this.#isClosed) return void socket.destroy();
    if (!this.#descriptors.admit(socket)) return;
    const peer = peerOf(socket, at);
    // The peer has already reset the connection, as HAProxy does after a health check.
    if (peer === undefined) return void socket.destroy();
    if (!this.#proxies.has(peer)) return this.#admit(incoming, { peer, isDirect: true });
    this.#readHeader(incoming, peer);
  }

  /** Closes the connections whose PROXY header is being read, and each connection that comes later. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#unread) socket.destroy();
  }

  #readHeader(incoming: Incoming, proxy: string): void {
    const { socket } = incoming;
    const forget = (): void => void this.#unread.delete(socket);
    this.#unread.add(socket);
    socket.once("close", forget);
    readProxyHeader(socket, {
      clock: this.#options.clock,
      found: ({ client }) => {
        forget();
        socket.off("close", forget);
        // Without an address in the header, the proxy itself is the client: for example, it checks the hub's health.
        this.#admit(incoming, { peer: client ?? proxy, isDirect: false });
      },
      failed: (reason) => {
        this.#warn({ proxy, reason }, "closed a connection of a proxy without a valid PROXY header");
        this.#cut(socket, "proxy-header");
      },
    });
  }

  #admit({ socket, at, admit }: Incoming, client: ConnectionClient): void {
    const ended = admit(client);
    // Above the limit, a client gets no response, because the limit also saves the cost of responses.
    if (ended === undefined) return this.#cut(socket, "address");
    socket.on("close", ended);
    const { ready, redirect, secureConnections } = this.#options;
    if (at.redirects) redirect(socket);
    else if (!at.secure) ready({ socket, ...client });
    else
      secureConnections?.take(socket, {
        peer: client.peer,
        ready: (secure) => ready({ socket: secure, ...client }),
      });
  }

  #cut(socket: Socket, reason: CutReason): void {
    this.#options.metrics.count("connections_cut_total", 1, { reason });
    socket.destroy();
  }
}

/** The peer of an accepted connection: its address, or `unix`. Undefined if the connection has already ended. */
export function peerOf(socket: Socket, { isUnix }: AcceptedAt): string | undefined {
  return isUnix ? unixPeer : socket.remoteAddress;
}
