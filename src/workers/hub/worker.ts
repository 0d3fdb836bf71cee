import type { Socket } from "node:net";
import type { Clock, Timer } from "../../clock.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Hub } from "../../hub/hub.js";
import type { Logger } from "../../log.js";
import type { Metrics } from "../../metrics.js";
import { ZeroMqPeer } from "../wire/peer.js";
import type { ToHub, ToWorker, WorkerFigures } from "../wire/messages.js";
import type { WorkerSettings } from "../wire/settings.js";
import { WorkerOutlet } from "./worker-outlet.js";
import { WorkerProcess } from "./worker-process.js";
import { WorkerRequests } from "./worker-requests.js";

export interface WorkerOptions {
  /** The program that it runs. */
  readonly entry: string;
  readonly settings: WorkerSettings;
  /** Unique among all workers that there have been. */
  readonly name: string;
  readonly hub: Hub;
  readonly gateway: Gateway;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** It has ended, by itself or for its silence; all that it held has left. Called once. */
  readonly ended: (how: string) => void;
}

/** What becomes of a connection that is handed over. */
interface Fate {
  readonly gone: () => void;
  readonly failed: () => void;
}

/** How long its process may take to start, in milliseconds: twenty times what it takes on an idle machine. */
const startWithinMs = 60_000;

/** How often it is looked whether it has everything, when the hub stops, in milliseconds. */
const settleLookMs = 5;

/** How often it is asked how it is, in milliseconds. */
const askMs = 1000;

/** A worker that has not answered for so long is taken for stuck and replaced, in milliseconds: ten questions. */
const silenceMs = 10_000;

/** One worker: its process, what it is told and what it says. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #peer: ZeroMqPeer<ToWorker, ToHub>;
  readonly #outlet: WorkerOutlet;
  readonly #requests: WorkerRequests;
  /** Connections that it has, each with what to call when it is gone. */
  readonly #connections = new Map<number, () => void>();
  #process: WorkerProcess | undefined;
  #asking: Timer | undefined;
  #heardMs: number;
  #figures: Pick<WorkerFigures, "laggards" | "bodyBytes"> = { laggards: 0, bodyBytes: 0 };
  #up = false;
  #settled = false;
  #closing = false;
  #over = false;
  #waiters: (() => void)[] = [];

  constructor(options: WorkerOptions) {
    const { name, hub, gateway, clock, settings } = options;
    this.#options = options;
    this.#heardMs = clock.monotonic();
    const peer = new ZeroMqPeer<ToWorker, ToHub>({
      clock,
      take: (message, body) => this.#take(message, body),
      broken: (error) => this.#fail(error),
    });
    this.#peer = peer;
    this.#outlet = new WorkerOutlet({ name, hub, peer, clock, roundBytes: settings.fanout.roundBytes });
    this.#requests = new WorkerRequests({ gateway, outlet: this.#outlet, peer });
  }

  /** Starts the process; resolves when it takes connections, or has ended. */
  async start(): Promise<void> {
    const { entry, settings, clock } = this.#options;
    await this.#peer.bind(settings.address);
    this.#process = new WorkerProcess({ entry, settings, ended: (how) => this.#end(how) });
    const late = clock.after(startWithinMs, () =>
      this.#fail(`it was not ready in ${startWithinMs / 1000} s`),
    );
    await this.#until(() => this.#up);
    late.cancel();
    if (this.#over) return;
    this.#heardMs = clock.monotonic();
    this.#asking = clock.every(askMs, () => this.#ask());
  }

  /** True while it takes connections. */
  get isUp(): boolean {
    return this.#up && !this.#over;
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** Connections, streams and others. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Open streams. */
  get size(): number {
    return this.#requests.size;
  }

  get laggards(): number {
    return this.#figures.laggards;
  }

  /** Bytes of request bodies that it holds. */
  get bodyBytes(): number {
    return this.#figures.bodyBytes;
  }

  /** Gives it a connection; `gone` is called when that has closed, `failed` in its place when it cannot be given. */
  handOver(connection: number, socket: Socket, { gone, failed }: Fate): void {
    this.#connections.set(connection, gone);
    this.#process?.handOver({ connection }, socket, () => {
      if (this.#connections.delete(connection)) failed();
      else socket.destroy();
    });
  }

  /** Resolves when it has written what was published, or has ended. The caller sets the deadline. */
  async settle(): Promise<void> {
    while (!this.#outlet.isIdle && !this.#over)
      await new Promise<void>((resolve) => this.#options.clock.after(settleLookMs, resolve));
    this.#peer.send({ kind: "settle" });
    await this.#until(() => this.#settled);
  }

  /** Lets it close its streams in order and end; resolves when it has ended. The caller sets the deadline. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#peer.send({ kind: "close" });
    await this.#process?.whenEnded();
  }

  /** Ends it at once; resolves when it has ended. */
  async kill(): Promise<void> {
    this.#process?.kill();
    await this.#process?.whenEnded();
  }

  #take(message: ToHub, body: Buffer): void {
    switch (message.kind) {
      case "request":
        return this.#requests.request(message);
      case "body":
        return this.#requests.body(message, body);
      case "ended":
        return this.#requests.ended(message.request);
      case "taken":
        return this.#outlet.taken(message);
      case "ask":
        return this.#outlet.ask(message);
      case "hold":
        return this.#outlet.hold(message.cohort, message.on);
      case "gone":
        return this.#gone(message.connection);
      case "figures":
        return this.#note(message);
      case "up":
        this.#up = true;
        return this.#tell();
      case "settled":
        this.#settled = true;
        return this.#tell();
      default:
        message satisfies never;
    }
  }

  #gone(connection: number): void {
    const gone = this.#connections.get(connection);
    this.#connections.delete(connection);
    gone?.();
  }

  #note({ counted, observed, laggards, bodyBytes }: WorkerFigures): void {
    const { metrics, clock } = this.#options;
    this.#heardMs = clock.monotonic();
    this.#figures = { laggards, bodyBytes };
    for (const [name, by, labels] of counted) metrics.count(name, by, labels);
    for (const [name, value, labels] of observed) metrics.observe(name, value, labels);
  }

  #ask(): void {
    const { clock } = this.#options;
    if (clock.monotonic() - this.#heardMs > silenceMs) this.#fail(`it was silent for ${silenceMs / 1000} s`);
    else this.#outlet.tellStanding();
  }

  #fail(error: unknown): void {
    // One that ends as it was asked to hears nothing any more.
    if (this.#closing) return;
    const { logger, settings } = this.#options;
    logger.error({ worker: settings.worker, pid: this.pid, error }, "a worker is stuck; it is replaced");
    this.#process?.kill();
  }

  #end(how: string): void {
    this.#over = true;
    this.#asking?.cancel();
    this.#peer.close();
    this.#outlet.close();
    this.#requests.close();
    for (const connection of this.#connections.keys()) this.#gone(connection);
    this.#figures = { laggards: 0, bodyBytes: 0 };
    this.#tell();
    this.#options.ended(how);
  }

  async #until(reached: () => boolean): Promise<void> {
    while (!reached() && !this.#over) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
