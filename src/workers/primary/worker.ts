import type { Clock, Timer } from "../../base/clock.js";
import { Waiters } from "../../base/waiters.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Hub } from "../../hub/hub.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { ProcessUsage } from "../../process/process-usage.js";
import { ZeroMqPeer } from "../ipc/peer.js";
import type { ToHub, ToWorker, WorkerGauges, WorkerMetrics } from "../ipc/messages.js";
import type { TlsMaterial } from "../../fronts/tls/certificate-store.js";
import { changedSettings } from "../ipc/settings.js";
import type { ChangedSettings, WorkerSettings } from "../ipc/settings.js";
import { WorkerConnections } from "./worker-connections.js";
import type { Accepted, HandOverCallbacks } from "./worker-connections.js";
import { WorkerProcess } from "./worker-process.js";
import { WorkerStreams } from "./worker-streams.js";

export interface WorkerOptions {
  /** The program of the worker. */
  readonly entry: string;
  readonly settings: WorkerSettings;
  /** Read at each use. */
  readonly fanout: Pick<FanoutLimits, "roundBytes">;
  /** Unique among all workers since the start of the hub. */
  readonly name: string;
  readonly hub: Hub;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /**
   * Called once when the process has ended or could not be started. By this time, all connections of the worker have
   * ended.
   */
  readonly ended: (how: string) => void;
}

/** The time-out for starting the process, in milliseconds: twenty times the usual time on an idle machine. */
const startWithinMs = 60_000;

/** The time between two pings to the worker, in milliseconds. */
const askMs = 1000;

/**
 * The hub replaces a worker after this many unanswered pings, if the worker sends nothing else. The hub counts pings
 * instead of time, because time also passes while the hub itself is stopped.
 */
const unansweredAtMost = 10;

const noGauges: WorkerGauges = Object.freeze({ laggards: 0, bodyBytes: 0, held: 0 });

/** One worker: its process and the messages in both directions. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #peer: ZeroMqPeer<ToWorker, ToHub>;
  readonly #streams: WorkerStreams;
  readonly #connections = new WorkerConnections();
  #process: WorkerProcess | undefined;
  #asking: Timer | undefined;
  /** The number of pings since the worker's last message. */
  #unanswered = 0;
  #gauges: WorkerGauges = noGauges;
  #up = false;
  /** Settings that have changed since the start of the process and are not sent yet. */
  #changed: ChangedSettings | undefined;
  /** Certificates that have changed since the start of the process and are not sent yet. */
  #certificates: TlsMaterial | undefined;
  /** True if a connection could not be passed to the worker. */
  #refused = false;
  #hasEndedStreams = false;
  #settled = false;
  #closing = false;
  #over = false;
  readonly #waiters = new Waiters();

  constructor(options: WorkerOptions) {
    const { name, hub, gateway, clock, fanout } = options;
    this.#options = options;
    const peer = new ZeroMqPeer<ToWorker, ToHub>({
      clock,
      onMessage: (message, body) => this.#receive(message, body),
      broken: (error) => this.#fail(error),
    });
    this.#peer = peer;
    this.#streams = new WorkerStreams({ name, hub, gateway, peer, clock, fanout });
  }

  /** Starts the process. Resolves when the worker accepts connections, has ended, or cannot be started. */
  async start(): Promise<void> {
    const { clock } = this.#options;
    await this.#launch();
    const late = clock.after(startWithinMs, () =>
      this.#fail(`the worker was not ready in ${startWithinMs / 1000} s`),
    );
    await this.#until(() => this.#up);
    late.cancel();
    if (!this.#over) this.#asking = clock.every(askMs, () => this.#ask());
  }

  /** True while the worker accepts connections. */
  get isUp(): boolean {
    return this.#up && !this.#over && !this.#refused && this.#process?.isConnected === true;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Open connections, with and without a stream. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Open streams. */
  get size(): number {
    return this.#streams.size;
  }

  get laggards(): number {
    return this.#gauges.laggards;
  }

  /** Bytes of request bodies in the worker. */
  get bodyBytes(): number {
    return this.#gauges.bodyBytes;
  }

  /** Streams, and requests and messages without an answer, in the worker. */
  get held(): number {
    return this.#gauges.held;
  }

  /** What the process uses; undefined before its first report. */
  get usage(): ProcessUsage | undefined {
    return this.#gauges.usage;
  }

  /** Passes a connection to the worker. If the transfer fails, the worker is not up any more. */
  handOver({ socket, at }: Accepted, callbacks: HandOverCallbacks): void {
    const connection = this.#connections.add(socket, callbacks);
    this.#process?.handOver({ connection, at }, socket, (error) => {
      if (error === null) return this.#connections.sent(connection);
      this.#refused = true;
      this.#connections.failed(connection);
    });
  }

  /** Each answer of the worker ends its connection from now on. A worker that is not up yet has no connections. */
  drain(): void {
    if (this.#up) this.#peer.send({ kind: "drain" });
  }

  /** The worker ends its streams evenly over this time. Resolves also if the worker has ended, or was not up. */
  async endEvenly(overMs: number): Promise<void> {
    if (!this.#up) return;
    this.#peer.send({ kind: "end-streams", overMs });
    await this.#until(() => this.#hasEndedStreams);
  }

  /**
   * Resolves when the worker has written everything published, has ended, or was not up. The caller sets the deadline.
   */
  async settle(): Promise<void> {
    if (!this.#up) return;
    await this.#streams.whenIdle();
    this.#peer.send({ kind: "settle" });
    await this.#until(() => this.#settled);
  }

  /**
   * Asks the worker to close its streams in order, and then to end. Resolves when the worker has ended. The caller sets
   * the deadline. A worker that has not started yet has no connections, so the hub kills it.
   */
  async close(): Promise<void> {
    this.#closing = true;
    if (this.#up) this.#peer.send({ kind: "close" });
    else this.kill();
    await this.#until(() => this.#over);
  }

  /** Gives the worker the certificates for new connections. A worker that is not up yet gets them as soon as it is. */
  useCertificates(tls: TlsMaterial): void {
    this.#certificates = tls;
    if (this.#up) this.#sendChanged();
  }

  /** Changes the settings of the worker, in order with the answers to its requests. */
  changeSettings(settings: ChangedSettings): void {
    this.#changed = changedSettings(settings);
    if (this.#up) this.#sendChanged();
  }

  /** Kills the process. */
  kill(): void {
    this.#process?.kill();
  }

  async #launch(): Promise<void> {
    const { entry, settings } = this.#options;
    try {
      await this.#peer.bind(settings.address);
      if (this.#closing) this.#end("the hub stops");
      else this.#process = new WorkerProcess({ entry, settings, ended: (how) => this.#end(how) });
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #receive(message: ToHub, body: Buffer): void {
    this.#unanswered = 0;
    switch (message.kind) {
      case "request":
      case "body":
      case "message":
      case "ended":
      case "taken":
      case "ask":
      case "hold":
        return this.#streams.receive(message, body);
      case "named":
        return this.#count(message.connection, message.peer);
      case "closed":
        return this.#connections.closed(message.connection);
      case "metrics":
        return this.#note(message);
      case "up":
        this.#up = true;
        this.#sendChanged();
        return this.#waiters.look();
      case "streams-ended":
        this.#hasEndedStreams = true;
        return this.#waiters.look();
      case "settled":
        this.#settled = true;
        return this.#waiters.look();
      default:
        message satisfies never;
    }
  }

  #count(connection: number, peer: string): void {
    if (!this.#connections.named(connection, peer)) this.#peer.send({ kind: "cut", connection });
  }

  /** Nothing can be sent before the worker is up. */
  #sendChanged(): void {
    if (this.#changed !== undefined) this.#peer.send({ kind: "settings", settings: this.#changed });
    this.#changed = undefined;
    if (this.#certificates !== undefined) this.#peer.send({ kind: "certificates", tls: this.#certificates });
    this.#certificates = undefined;
  }

  #note({ counted, observed, ...gauges }: WorkerMetrics): void {
    const { metrics } = this.#options;
    this.#gauges = gauges;
    for (const { name, by, labels } of counted) metrics.count(name, by, labels);
    for (const { name, values, labels } of observed) metrics.merge(name, values, labels);
  }

  #ask(): void {
    if (!this.isUp) return this.#fail("the worker accepts no connections");
    if (this.#unanswered >= unansweredAtMost)
      return this.#fail(`the worker did not answer ${unansweredAtMost} pings`);
    this.#unanswered += 1;
    this.#streams.tellStanding();
  }

  #fail(error: unknown): void {
    // The connection to the worker may break while the worker ends, because the hub asked it to end.
    if (this.#closing) return;
    this.#asking?.cancel();
    const { logger, settings } = this.#options;
    logger.error({ worker: settings.worker, pid: this.pid, error }, "a worker is stuck; the hub replaces it");
    this.kill();
  }

  #end(how: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#asking?.cancel();
    this.#peer.close();
    this.#streams.close();
    this.#connections.end();
    this.#gauges = noGauges;
    this.#waiters.look();
    this.#options.ended(how);
  }

  #until(isReached: () => boolean): Promise<void> {
    return this.#waiters.until(() => isReached() || this.#over);
  }
}
