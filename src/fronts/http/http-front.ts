import type { Socket } from "node:net";
import type { AccessLog } from "../../access-log/access-log.js";
import type { Clock } from "../../base/clock.js";
import { rememberLast } from "../../base/live/remember-last.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import { TurnBudget } from "../../base/turn-budget.js";
import { closeStreams } from "../../delivery/close-streams.js";
import type { CohortSource } from "../../delivery/cohort-source.js";
import { Fanout } from "../../delivery/fanout.js";
import { Networks, parseIpAddress } from "../../gateway/http/client-address.js";
import type { HeadLimits } from "../../gateway/limits/request-head.js";
import { TurnRotation } from "../../gateway/limits/turn-rotation.js";
import type { DescriptorPlan } from "../../limits/descriptors.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { GatewayPort } from "../gateway-port.js";
import { Http2Front } from "../http2/http2-front.js";
import type { ReadyConnection } from "../listen/intake.js";
import { StreamChannel } from "../streams/stream-channel.js";
import type { StreamTarget } from "../streams/stream-target.js";
import { isSecure } from "../strict-transport.js";
import { Http1Front } from "./http1-front.js";
import { chosenProtocol } from "./chosen-protocol.js";
import { FastifyFiles } from "./static/fastify-files.js";
import { VanishedClients, type WatchedClient } from "./vanished/vanished-clients.js";

export interface HttpFrontOptions extends HeadLimits {
  readonly gateway: GatewayPort;
  readonly cohorts: CohortSource;
  /** The folder of the page, served at `/`. */
  readonly htmlDir: string;
  /** The seconds of `Strict-Transport-Security` for clients with TLS; 0 for no such header. */
  readonly hstsSeconds: number;
  /** The most streams of one connection with HTTP/2; 0 if the front speaks only HTTP/1. */
  readonly http2Streams: number;
  /** The proxies that may speak HTTP/2 without TLS. Read at each connection. */
  readonly settings: { readonly trustedProxies: readonly string[] };
  readonly descriptors: DescriptorPlan;
  /** Read at each use. */
  readonly fanout: FanoutLimits;
  /** @default none */
  readonly accessLog?: AccessLog | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Pharos's own HTTP server, for HTTP/1 and HTTP/2: passes requests to the gateway, serves the hub's page, and writes all
 * streams through one fan-out. The server does not listen: it gets its connections from {@link take}.
 */
export class HttpFront {
  readonly #options: HttpFrontOptions;
  readonly #fanout: Fanout<StreamTarget>;
  readonly #http1: Http1Front;
  readonly #http2: Http2Front | undefined;
  readonly #files: FastifyFiles;
  readonly #vanished: VanishedClients;
  /** The connections of proxies that have not told their protocol yet. */
  readonly #undecided = new Set<Socket>();
  readonly #networksOf = rememberLast((networks: readonly string[]) => new Networks(networks));

  constructor(options: HttpFrontOptions) {
    const { clock, fanout: limits, http2Streams } = options;
    this.#options = options;
    const channel = new StreamChannel({
      clock,
      drained: (connection) => this.#fanout.drained(connection),
      shared: { flush: (isUsedUp) => this.#http2?.flush(isUsedUp) ?? true },
    });
    this.#fanout = new Fanout({ ...options, front: "http", channel, limits });
    const turns = new TurnRotation(new TurnBudget(clock));
    const openFiles = { most: options.descriptors.files, count: 0 };
    const shared = { ...options, fanout: this.#fanout, turns, openFiles };
    this.#http1 = new Http1Front(shared);
    this.#files = new FastifyFiles(shared);
    if (http2Streams > 0)
      this.#http2 = new Http2Front({ ...shared, files: this.#files, limits, mostStreams: http2Streams });
    this.#vanished = new VanishedClients({ clients: () => this.#watchedClients(), limits, clock });
  }

  get size(): number {
    return this.#fanout.size;
  }

  get laggards(): number {
    return this.#fanout.laggards;
  }

  /** Resolves when the front can take connections. */
  async ready(): Promise<void> {
    await Promise.all([this.#http1.ready(), this.#files.ready()]);
  }

  /** Serves a connection from which nothing was read. The caller has counted the connection. */
  take(arrival: ReadyConnection): void {
    const http2 = this.#http2;
    if (http2 === undefined) return this.#http1.take(arrival);
    const { socket } = arrival;
    const forget = (): void => void this.#undecided.delete(socket);
    this.#undecided.add(socket);
    socket.once("close", forget);
    chosenProtocol(socket, {
      clock: this.#options.clock,
      // Without TLS, nothing tells the protocol but the first bytes. Only proxies begin with HTTP/2.
      mayBegin: () => this.#isTrusted(arrival),
      chosen: (protocol) => {
        forget();
        socket.off("close", forget);
        (protocol === "h2" ? http2 : this.#http1).take(arrival);
      },
    });
  }

  /** From now on, each answer ends its connection, or asks the client to send its next request on another one. */
  drain(): void {
    this.#http1.drain();
    this.#http2?.drain();
  }

  /**
   * Ends the streams evenly over this time. Idle connections with HTTP/1 stay open: their clients may be about to send a
   * request. Clients with HTTP/2 learn at once that they have to send it on another connection.
   */
  endEvenly(overMs: number): Promise<void> {
    this.drain();
    this.#http2?.endSessions();
    return this.#fanout.endEvenly(overMs);
  }

  /**
   * Closes idle connections, and resolves when all publications are delivered. There is no time limit, so the caller has
   * to set a deadline.
   */
  async settle(): Promise<void> {
    this.#endConnections();
    await this.#fanout.whenIdle();
  }

  /** Ends every stream in order, so that clients reconnect elsewhere, and then all connections. */
  async close(): Promise<void> {
    this.#endConnections();
    await closeStreams(this.#fanout, this.#options.clock);
    await this.#vanished.close();
    await Promise.all([this.#http1.close(), this.#http2?.close()]);
    await this.#files.close();
  }

  #endConnections(): void {
    for (const socket of this.#undecided) socket.destroy();
    this.#http1.endConnections();
    this.#http2?.endSessions();
  }

  #isTrusted({ peer, socket }: ReadyConnection): boolean {
    if (isSecure(socket)) return false;
    const { trustedProxies } = this.#options.settings;
    return this.#networksOf(trustedProxies).has(parseIpAddress(peer) ?? peer);
  }

  *#watchedClients(): Iterable<WatchedClient> {
    yield* this.#http1.targets;
    if (this.#http2 !== undefined) yield* this.#http2.busySessions();
  }
}
