import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.js";
import { HttpFront } from "../../fronts/http/http-front.js";
import { codings } from "../../gateway/formats/codings.js";
import { heartbeatFormats } from "../../protocols/formats.js";
import type { Logger } from "../../base/log.js";
import { ZeroMqPeer } from "../ipc/peer.js";
import type { ToHub, ToWorker, CohortEncoding } from "../ipc/messages.js";
import type { HandedOver, WorkerSettings } from "../ipc/settings.js";
import { RemoteCohorts } from "./remote-cohorts.js";
import { RemoteGateway } from "./remote-gateway.js";
import { RemoteMetrics } from "./remote-metrics.js";

export interface WorkerFrontOptions {
  readonly settings: WorkerSettings;
  readonly clock: Clock;
  readonly logger: Logger;
  /** It has closed in order, or the hub cannot be reached any more: there is nothing left to do. */
  readonly over: (error?: unknown) => void;
}

/** The HTTP front of one worker: the same as in the hub's own process, with the hub at the other end of a ZeroMQ pair. */
export class WorkerFront {
  readonly #options: WorkerFrontOptions;
  readonly #peer: ZeroMqPeer<ToHub, ToWorker>;
  readonly #metrics = new RemoteMetrics();
  readonly #cohorts: RemoteCohorts;
  readonly #gateway: RemoteGateway;
  readonly #front: HttpFront;
  /** The last connection that came. */
  #last = 0;

  constructor(options: WorkerFrontOptions) {
    const { settings, clock, logger, over } = options;
    this.#options = options;
    const peer = new ZeroMqPeer<ToHub, ToWorker>({
      clock,
      take: (message, body) => this.#take(message, body),
      broken: over,
    });
    this.#peer = peer;
    const { pageCacheBytes } = settings.fanout;
    this.#cohorts = new RemoteCohorts({ peer, heartbeat, pageCacheBytes });
    const metrics = this.#metrics;
    this.#gateway = new RemoteGateway({ settings, peer, cohorts: this.#cohorts, clock, logger, metrics });
    this.#front = new HttpFront({
      ...settings,
      listenAt: { path: settings.socketPath },
      // The hub counts them before it hands them over.
      connections: Number.MAX_SAFE_INTEGER,
      gateway: this.#gateway,
      cohorts: this.#cohorts,
      clock,
      logger,
      metrics,
    });
  }

  /** Resolves when it takes connections. Rejects with PharosError `unreachable`. */
  async start(): Promise<void> {
    // Node's server counts time for requests only while it listens.
    await this.#front.start();
    this.#peer.connect(this.#options.settings.address);
    this.#peer.send({ kind: "up" });
  }

  /** Takes a connection that the hub hands over, in the order of their numbers; undefined when it has closed on its way. */
  take({ connection }: HandedOver, socket: Socket | undefined): void {
    // One for which this process had no descriptor left is not even announced by Node; the kernel has closed it.
    for (let lost = this.#last + 1; lost < connection; lost += 1) this.#gone(lost);
    this.#last = connection;
    if (socket === undefined) return this.#gone(connection);
    socket.once("close", () => this.#gone(connection));
    this.#front.take(socket);
  }

  #gone(connection: number): void {
    this.#peer.send({ kind: "gone", connection });
  }

  #take(message: ToWorker, body: Buffer): void {
    switch (message.kind) {
      case "batch":
        return this.#cohorts.take(message, body);
      case "page":
        return this.#cohorts.turnTo(message, body);
      case "stream":
        return this.#gateway.start(message, body);
      case "said":
        return this.#gateway.said(message, body);
      case "reply":
        return this.#gateway.reply(message, body);
      case "read-body":
        return this.#gateway.readBody(message.request);
      case "standing":
        this.#cohorts.stand(message);
        return this.#tellFigures();
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

  #tellFigures(): void {
    const { laggards } = this.#front;
    const bodyBytes = this.#gateway.bodies.held;
    this.#peer.send({ kind: "figures", ...this.#metrics.take(), laggards, bodyBytes });
  }

  async #settle(): Promise<void> {
    await this.#front.settle();
    this.#peer.send({ kind: "settled" });
  }

  async #close(): Promise<void> {
    await this.#front.close();
    this.#tellFigures();
    this.#peer.close();
    this.#options.over();
  }
}

function heartbeat(words: CohortEncoding, id: string, members: number): Buffer {
  const format = heartbeatFormats.get(words.format);
  if (format === undefined) throw new Error(`no format is named ${words.format}`);
  const body = format.heartbeat(id);
  // A coding would make bytes of none.
  if (words.coding === undefined || body.length === 0) return body;
  const coding = codings.get(words.coding);
  if (coding === undefined) throw new Error(`no coding is named ${words.coding}`);
  return coding.encode(body, members);
}
