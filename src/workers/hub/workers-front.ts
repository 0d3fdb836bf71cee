import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../clock.js";
import { PharosError } from "../../errors.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Hub } from "../../hub/hub.js";
import type { Logger } from "../../log.js";
import type { Metrics } from "../../metrics.js";
import type { WorkerSettings } from "../wire/settings.js";
import { Worker } from "./worker.js";

export interface WorkersFrontOptions {
  readonly host: string;
  readonly port: number;
  /** How many processes. */
  readonly workers: number;
  /** Most connections of one worker, streams and others together; one that has them gets none. */
  readonly connectionsPerWorker: number;
  /** Most connections in all: what is over is closed at once. */
  readonly connections: number;
  /** The program that a worker runs. */
  readonly entry: string;
  /** What all workers are told, beside what is each one's own. */
  readonly settings: Omit<WorkerSettings, "worker" | "address" | "socketPath">;
  readonly gateway: Gateway;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Connections that wait to be taken in: as many as Linux allows where nobody has set it. */
const backlog = 4096;

/** A worker that ends within this time of its start is started anew only after a while, in milliseconds. */
const soonMs = 10_000;
const longestPauseMs = 30_000;

/** How long workers may take to end when they are asked to, in milliseconds; those that take longer are killed. */
const closeWithinMs = 5000;

/**
 * The HTTP front in several processes. This one takes connections in and hands them to the workers in turn, since a
 * port that all of them listen on would fill some while others idle; it holds none itself. What a request means, who
 * may what, and who follows what, is decided here, for all of them alike. A worker that dies is replaced; its clients
 * come back and resume.
 */
export class WorkersFront {
  readonly #options: WorkersFrontOptions;
  readonly #server: Server;
  readonly #workers: (Worker | undefined)[];
  #dir = "";
  /** Connections that came before the workers were ready; undefined when they are. */
  #early: Socket[] | undefined = [];
  #started = 0;
  #handedOver = 0;
  #next = 0;
  #closing = false;

  constructor(options: WorkersFrontOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.workers }, () => undefined);
    // Nothing is read here: the first bytes of a connection are the worker's.
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      if (this.#early === undefined) this.#handOver(socket);
      else this.#early.push(socket);
    });
  }

  /** Open streams. */
  get size(): number {
    return this.#sum((worker) => worker.size);
  }

  get laggards(): number {
    return this.#sum((worker) => worker.laggards);
  }

  /** Bytes of request bodies that the workers hold. */
  get bodyBytes(): number {
    return this.#sum((worker) => worker.bodyBytes);
  }

  /**
   * Starts the workers and binds the port; resolves with the URL, the port in it being the real one.
   *
   * @throws PharosError `unreachable` when the address cannot be bound, or a worker ends before it is ready
   */
  async listen(): Promise<string> {
    const { host, port } = this.#options;
    await new Promise<void>((resolve, reject) => {
      const refuse = (error: Error): void => reject(cannotListen(`${host}:${port}`, error));
      this.#server.once("error", refuse);
      this.#server.listen({ host, port, backlog }, () => {
        this.#server.off("error", refuse);
        resolve();
      });
    });
    this.#dir = await mkdtemp(join(tmpdir(), `pharos-workers-${process.pid}-`));
    const started = await Promise.all(this.#workers.map((_, index) => this.#start(index)));
    if (!started.every((worker) => worker.isUp))
      throw new PharosError("unreachable", "a worker ended before it was ready; the log says more");
    for (const socket of this.#early?.splice(0) ?? []) this.#handOver(socket);
    this.#early = undefined;
    return urlOf(this.#server.address(), host);
  }

  /** Takes no more connections; resolves when what was published is delivered. The caller sets the deadline. */
  async settle(): Promise<void> {
    this.#server.close();
    await Promise.all(this.#running().map((worker) => worker.settle()));
  }

  /** Ends every stream in order, so that clients reconnect elsewhere, and the workers. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#server.close();
    const running = this.#running();
    const late = this.#options.clock.after(closeWithinMs, () => {
      for (const worker of running) void worker.kill();
    });
    await Promise.all(running.map((worker) => worker.close()));
    late.cancel();
    if (this.#dir !== "") await rm(this.#dir, { recursive: true, force: true });
  }

  async #start(index: number, pauseMs = 0): Promise<Worker> {
    const { entry, settings, hub, gateway, clock, logger, metrics } = this.#options;
    this.#started += 1;
    const run = this.#started;
    const startedMs = clock.monotonic();
    const worker = new Worker({
      entry,
      name: `worker-${run}`,
      settings: {
        ...settings,
        worker: index + 1,
        address: `ipc://${join(this.#dir, `worker-${run}`)}`,
        socketPath: join(this.#dir, `http-${run}`),
      },
      hub,
      gateway,
      clock,
      logger,
      metrics,
      ended: (how) => this.#replace(index, { how, ranMs: clock.monotonic() - startedMs, pauseMs }),
    });
    this.#workers[index] = worker;
    await worker.start();
    if (worker.isUp) logger.debug({ worker: index + 1, pid: worker.pid }, "a worker is ready");
    return worker;
  }

  #replace(index: number, { how, ranMs, pauseMs }: EndedRun): void {
    this.#workers[index] = undefined;
    if (this.#closing) return;
    const { clock, logger, metrics } = this.#options;
    const nextPauseMs = ranMs > soonMs ? 0 : Math.min(longestPauseMs, Math.max(1000, 2 * pauseMs));
    metrics.count("workers_lost_total");
    logger.error(
      { worker: index + 1, how, inMs: nextPauseMs },
      "a worker has ended; another takes its place",
    );
    clock.after(nextPauseMs, () => {
      if (!this.#closing) void this.#start(index, nextPauseMs);
    });
  }

  #handOver(socket: Socket): void {
    const { gateway, metrics } = this.#options;
    const worker = this.#nextWorker();
    if (worker === undefined) {
      metrics.count("connections_cut_total", 1, { reason: "workers" });
      socket.destroy();
      return;
    }
    const ended = gateway.admitConnection(socket.remoteAddress);
    if (ended === undefined) {
      metrics.count("connections_cut_total", 1, { reason: "address" });
      socket.destroy();
      return;
    }
    this.#handedOver += 1;
    worker.handOver(this.#handedOver, socket, {
      gone: ended,
      // It is just ending; whoever comes next in turn may not be.
      failed: () => {
        ended();
        this.#handOver(socket);
      },
    });
  }

  /** The next in turn that takes connections; undefined when none does. */
  #nextWorker(): Worker | undefined {
    const { connections, connectionsPerWorker } = this.#options;
    if (this.#sum((worker) => worker.connections) >= connections) return undefined;
    for (let tried = 0; tried < this.#workers.length; tried += 1) {
      const worker = this.#workers[this.#next];
      this.#next = (this.#next + 1) % this.#workers.length;
      if (worker?.isUp === true && worker.connections < connectionsPerWorker) return worker;
    }
    return undefined;
  }

  #running(): readonly Worker[] {
    return this.#workers.filter((worker) => worker !== undefined);
  }

  #sum(figure: (worker: Worker) => number): number {
    return this.#running().reduce((sum, worker) => sum + figure(worker), 0);
  }
}

interface EndedRun {
  readonly how: string;
  readonly ranMs: number;
  /** How long it had been waited before it was started. */
  readonly pauseMs: number;
}

function cannotListen(address: string, cause: Error): PharosError {
  return new PharosError("unreachable", `cannot listen on ${address}: ${cause.message}`, { cause });
}

function urlOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
