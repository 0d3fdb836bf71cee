import type { Socket } from "node:net";
import { createServer } from "node:tls";
import type { Server, TLSSocket } from "node:tls";
import type { Clock } from "../../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { TlsMaterial } from "./certificate-store.js";
import { handshakeFailureOf } from "./handshake-failure.js";
import { answerPlainHttp } from "./plain-http-answer.js";
import { SecureContexts } from "./secure-contexts.js";
import { tlsProtocol } from "./tls-protocol.js";

export interface SecureConnectionsOptions {
  readonly material: TlsMaterial;
  /** The most streams of one connection with HTTP/2; 0 if clients get only HTTP/1.1. */
  readonly http2Streams: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The time for a handshake, in milliseconds. @default 10,000 */
  readonly handshakeWithinMs?: number;
}

/** A connection that is to become a TLS connection. */
export interface Handshake {
  /** The client, for the log. It differs from the socket's address behind a proxy that has sent a PROXY header. */
  readonly peer: string;
  /** Gets the connection when its handshake is complete. */
  readonly ready: (secure: TLSSocket) => void;
}

/**
 * The time for a handshake, in milliseconds. A handshake needs two round trips; a lost packet on a bad mobile network
 * adds one to three seconds. A client that needs longer would hold memory without a request.
 */
const handshakeMs = 10_000;

/** The time for which a client can resume its session, in seconds: clients resume most often after a lost network. */
const sessionSeconds = 3600;

/** The shortest time between two log lines about failed handshakes, in milliseconds. */
const logEveryMs = 60_000;

/**
 * The protocols that clients may choose in the handshake, the best first [RFC 7301]. A client that offers none speaks
 * HTTP/1.1.
 */
const served = ["h2", "http/1.1"];

/** Turns accepted connections into TLS connections. Nothing but TLS 1.2 and 1.3 is accepted. */
export class SecureConnections {
  readonly #options: SecureConnectionsOptions;
  /** The server never listens: it gets its connections from {@link take}. */
  readonly #server: Server;
  readonly #handshakes = new Map<Socket, Handshake>();
  readonly #log: LimitedLog;
  #contexts = new SecureContexts([]);

  constructor(options: SecureConnectionsOptions) {
    this.#options = options;
    this.#log = limitedLog({ ...options, periodMs: logEveryMs, level: "info" });
    const offered = options.http2Streams > 0 ? served : served.slice(1);
    this.#server = createServer({
      handshakeTimeout: options.handshakeWithinMs ?? handshakeMs,
      // With `ALPNProtocols`, Node copies the list for each connection into a buffer of 8 KiB that others fill.
      ALPNCallback: ({ protocols }) => offered.find((each) => protocols.includes(each)),
      SNICallback: (name, done) => done(null, this.#contexts.find(name)),
    });
    this.#server.on("secureConnection", (secure) => this.#complete(secure));
    this.#server.on("tlsClientError", (error, secure) => this.#fail(error, secure));
    this.use(options.material);
  }

  /** Uses these certificates for new connections. Open connections continue with theirs. */
  use({ pairs, ticketKeys }: TlsMaterial): void {
    const [first] = pairs;
    this.#contexts = new SecureContexts(pairs);
    this.#server.setSecureContext({
      ...tlsProtocol,
      cert: first?.cert,
      key: first?.key,
      ticketKeys: Buffer.from(ticketKeys, "base64"),
      // The default differs from process to process, so that a client could resume in one worker only.
      sessionIdContext: "pharos",
      sessionTimeout: sessionSeconds,
    });
  }

  /**
   * Makes the handshake on a connection, and then calls `ready`. The connection may have bytes that were read and put
   * back. A connection whose handshake fails, or takes too long, is closed; `ready` is then not called.
   */
  take(raw: Socket, handshake: Handshake): void {
    if (raw.destroyed) return;
    // A client that ends its side in the handshake has left. After the handshake, it may still wait for its answers.
    raw.allowHalfOpen = false;
    this.#handshakes.set(raw, handshake);
    this.#server.emit("connection", raw);
  }

  /** Closes the connections that are in their handshakes. */
  close(): void {
    for (const raw of this.#handshakes.keys()) raw.destroy();
  }

  #complete(secure: TLSSocket): void {
    const raw = rawOf(secure);
    const handshake = raw && this.#end(raw);
    if (handshake === undefined) return void secure.destroy();
    secure.allowHalfOpen = true;
    this.#options.metrics.count("tls_handshakes_total", 1, { protocol: secure.getProtocol() ?? "" });
    handshake.ready(secure);
  }

  #fail(error: Error, secure: TLSSocket): void {
    const raw = rawOf(secure);
    const handshake = raw && this.#end(raw);
    const reason = handshakeFailureOf(error);
    if (reason === "http" && raw !== undefined) answerPlainHttp(raw);
    this.#options.metrics.count("tls_handshakes_failed_total", 1, { reason });
    this.#log({ reason, error: error.message, peer: handshake?.peer }, "a TLS handshake failed");
    secure.destroy();
  }

  #end(raw: Socket): Handshake | undefined {
    const handshake = this.#handshakes.get(raw);
    this.#handshakes.delete(raw);
    return handshake;
  }
}

/** Node has no public way from a TLS socket to the socket below it. */
function rawOf(secure: TLSSocket): Socket | undefined {
  return Reflect.get(secure, "_parent") as Socket | undefined;
}
