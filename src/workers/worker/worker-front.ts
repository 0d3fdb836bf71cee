import type { Socket } from "node:net";
import type { Writable } from "node:stream";
import type { AccessLog } from "../../access-log/access-log.js";
import { uncheckedAccessLog } from "../../access-log/open-access-log.js";
import type { Clock } from "../../base/clock.js";
import { HttpFront } from "../../fronts/http/http-front.js";
import { Redirects } from "../../fronts/http/listening/redirects.js";
import { Intake } from "../../fronts/listen/intake.js";
import type { ReadyConnection } from "../../fronts/listen/intake.js";
import { SecureConnections } from "../../fronts/tls/secure-connections.js";
import { Live } from "../../base/live/live.js";
import type { LeveledLogger } from "../../base/log.js";
import { EventLoopDelay } from "../../process/event-loop-delay.js";
import { processUsage } from "../../process/process-usage.js";
import { ZeroMqPeer } from "../ipc/peer.js";
import type { ToHub, ToWorker } from "../ipc/messages.js";
import type { ChangedSettings, HandedOver, WorkerSettings } from "../ipc/settings.js";
import { RemoteHub } from "./remote-hub.js";
import { RemoteMetrics } from "./remote-metrics.js";

export interface WorkerFrontOptions {
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly logger: LeveledLogger;
  /** The output of an access log with the name `-`. */
  readonly stdout: Writable;
  /** Called when the front has closed in order, or, with an error, when the connection to the hub is lost. */
  readonly over: (error?: unknown) => void;
}

/**
 * The HTTP front of one worker. The front is the same as in the hub's own process, but it communicates with the hub
 * over a ZeroMQ pair.
 */
export class WorkerFront {
  readonly #options: WorkerFrontOptions;
  readonly #settings: Live<WorkerSettings>;
  readonly #peer: ZeroMqPeer<ToHub, ToWorker>;
  readonly #metrics = new RemoteMetrics();
  readonly #hub: RemoteHub;
  readonly #front: HttpFront;
  readonly #accessLog: AccessLog | undefined;
  readonly #intake: Intake;
  readonly #secure: SecureConnections | undefined;
  readonly #redirects: Redirects;
  /** The connections of proxies, which the hub may cut. */
  readonly #named = new Map<number, Socket>();
  readonly #delay: EventLoopDelay | undefined;
  #cpu = { user: 0, system: 0 };
  /** The number of the last connection. */
  #last = 0;

  constructor(options: WorkerFrontOptions) {
    const { clock, logger, stdout, over } = options;
    this.#options = options;
    this.#settings = new Live(options.settings);
    const settings = this.#settings.current;
    this.#delay = settings.isMeasured ? new EventLoopDelay({ clock }) : undefined;
    const peer = new ZeroMqPeer<ToHub, ToWorker>({
      clock,
      onMessage: (message, body) => this.#receive(message, body),
      broken: over,
    });
    this.#peer = peer;
    const metrics = this.#metrics;
    this.#hub = new RemoteHub({ settings, peer, clock, logger, metrics });
    // The hub has checked the file at its start. A worker that replaces another serves also without the log.
    this.#accessLog = uncheckedAccessLog({ settings, stdout, clock, logger, metrics });
    this.#front = new HttpFront({
      ...settings,
      settings: this.#settings.derive(({ trustedProxies }) => ({ trustedProxies })),
      accessLog: this.#accessLog,
      fanout: this.#settings.derive(({ fanout }) => fanout),
      gateway: this.#hub.gateway,
      cohorts: this.#hub.cohorts,
      clock,
      logger,
      metrics,
    });
    const { tls } = settings;
    this.#secure = tls && new SecureConnections({ ...options, ...settings, metrics, material: tls });
    this.#redirects = new Redirects(settings.publicUrl);
    this.#intake = new Intake({
      ...this.#options,
      ...settings,
      metrics,
      secureConnections: this.#secure,
      ready: (arrival) => this.#front.take(arrival),
      redirect: (socket) => this.#redirects.take(socket),
    });
  }

  /** Resolves when the front accepts connections. */
  async start(): Promise<void> {
    await this.#front.ready();
    this.#peer.connect(this.#options.settings.address);
    this.#peer.send({ kind: "up" });
  }

  /**
   * Accepts a connection from the hub, in the order of the numbers. The socket is undefined if the connection closed
   * during the transfer.
   */
  take({ connection, at }: HandedOver, socket: Socket | undefined): void {
    // If this process has no free descriptor, Node does not report the connection, because the kernel has closed it.
    for (let lost = this.#last + 1; lost < connection; lost += 1) this.#reportClosed(lost);
    this.#last = connection;
    if (socket === undefined) return this.#reportClosed(connection);
    socket.on("close", () => this.#reportClosed(connection));
    this.#intake.take({
      socket,
      at,
      admit: (client) => {
        // The hub has already counted a direct connection.
        if (!client.isDirect) this.#name(connection, { socket, ...client });
        return countedByHub;
      },
    });
  }

  /** Tells the hub the client of a connection that a proxy has passed on. The hub may then cut the connection. */
  #name(connection: number, { socket, peer }: ReadyConnection): void {
    this.#named.set(connection, socket);
    socket.once("close", () => this.#named.delete(connection));
    this.#peer.send({ kind: "named", connection, peer });
  }

  #reportClosed(connection: number): void {
    this.#peer.send({ kind: "closed", connection });
  }

  #receive(message: ToWorker, body: Buffer): void {
    switch (message.kind) {
      case "batch":
      case "page":
      case "stream":
      case "message-result":
      case "removed":
      case "reply":
      case "withdraw":
      case "read-body":
      case "forget":
        return this.#hub.receive(message, body);
      case "standing":
        this.#hub.receive(message, body);
        return this.#sendMetrics();
      case "cut":
        this.#named.get(message.connection)?.destroy();
        return;
      case "settings":
        return this.#change(message.settings);
      case "drain":
        return this.#front.drain();
      case "end-streams":
        void this.#endStreams(message.overMs);
        return;
      case "certificates":
        this.#secure?.use(message.tls);
        return;
      case "settle":
        void this.#settle();
        return;
      case "close":
        void this.#close();
        return;
      default:
        message satisfies never;
    }
  }

  #change(settings: ChangedSettings): void {
    this.#settings.replace({ ...this.#settings.current, ...settings });
    this.#options.logger.level = settings.logLevel;
  }

  #sendMetrics(): void {
    const { laggards } = this.#front;
    const { gateway, cohorts } = this.#hub;
    const bodyBytes = gateway.bodies.held;
    const held = gateway.unanswered + cohorts.connections;
    const usage = this.#delay && processUsage(this.#delay);
    this.#countCpu();
    this.#peer.send({ kind: "metrics", ...this.#metrics.drain(), laggards, bodyBytes, held, usage });
  }

  #countCpu(): void {
    const worker = String(this.#options.settings.worker);
    const { user, system } = process.cpuUsage(this.#cpu);
    this.#cpu = { user: this.#cpu.user + user, system: this.#cpu.system + system };
    this.#metrics.count("worker_cpu_seconds_total", (user + system) / 1e6, { worker });
  }

  async #endStreams(overMs: number): Promise<void> {
    await this.#front.endEvenly(overMs);
    this.#peer.send({ kind: "streams-ended" });
  }

  async #settle(): Promise<void> {
    this.#intake.close();
    this.#secure?.close();
    await this.#front.settle();
    this.#peer.send({ kind: "settled" });
  }

  async #close(): Promise<void> {
    this.#intake.close();
    this.#secure?.close();
    this.#redirects.close();
    await this.#front.close();
    await this.#accessLog?.close();
    this.#sendMetrics();
    this.#delay?.close();
    this.#peer.close();
    this.#options.over();
  }
}

function countedByHub(): void {}
