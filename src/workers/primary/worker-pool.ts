import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Hub } from "../../hub/hub.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { WorkerStatus } from "../../fronts/front.js";
import type { WorkerSettings } from "../ipc/settings.js";
import { Worker } from "./worker.js";

export interface WorkerPoolOptions {
  /** The number of worker processes. */
  readonly workers: number;
  /**
   * The limit of connections of one worker, with and without a stream. At the limit, a worker gets no further
   * connections.
   */
  readonly connectionsPerWorker: number;
  /** The limit of connections of all workers together. */
  readonly connections: number;
  /** The program of a worker. */
  readonly entry: string;
  /** The settings that are the same for all workers. */
  readonly settings: Omit<WorkerSettings, "worker" | "address" | "socketPath">;
  readonly gateway: Gateway;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** If a worker ends within this time after its start, the pool replaces it only after a pause. In milliseconds. */
const soonMs = 10_000;
const longestPauseMs = 30_000;

/** The longest socket path on Linux, without the closing NUL [unix(7)]. */
const socketPathBytes = 107;

/** The time for workers to end, in milliseconds. The hub kills the workers that need longer. */
const closeWithinMs = 5000;

/** The worker processes. The pool replaces a worker that ends or cannot be started. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers: (Worker | undefined)[];
  #dir = "";
  #started = 0;
  #next = 0;
  #stopping = false;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.workers }, () => undefined);
  }

  /** Open connections, with and without a stream. */
  get connections(): number {
    return this.#sum((worker) => worker.connections);
  }

  /** Open streams. */
  get size(): number {
    return this.#sum((worker) => worker.size);
  }

  get laggards(): number {
    return this.#sum((worker) => worker.laggards);
  }

  /** One entry for each configured worker, even while the worker has no process. */
  get status(): readonly WorkerStatus[] {
    return this.#workers.map((worker, index) => ({
      worker: index + 1,
      state: worker === undefined ? "ended" : worker.isUp ? "up" : "starting",
      pid: worker?.pid,
      connections: worker?.connections ?? 0,
      streams: worker?.size ?? 0,
      laggards: worker?.laggards ?? 0,
    }));
  }

  /** Bytes of request bodies in the workers. */
  get bodyBytes(): number {
    return this.#sum((worker) => worker.bodyBytes);
  }

  /**
   * Resolves when all workers accept connections.
   *
   * @throws PharosError `unreachable` if a worker ends first, or if the folder for the workers' sockets cannot be
   *   created
   */
  async start(): Promise<void> {
    // The folder and the workers exist before the first `await`, so that a `close` in the meantime finds them.
    this.#makeDir();
    await Promise.all(this.#workers.map((_, index) => this.#start(index)));
    if (!this.#workers.every((worker) => worker?.isUp === true))
      throw new PharosError("unreachable", "a worker ended before it was ready; the log says more");
  }

  /** The next worker, in rotation, that can accept a connection; undefined if none can. */
  next(): Worker | undefined {
    const { connections, connectionsPerWorker } = this.#options;
    if (this.connections >= connections) return undefined;
    for (let tried = 0; tried < this.#workers.length; tried += 1) {
      const worker = this.#workers[this.#next];
      this.#next = (this.#next + 1) % this.#workers.length;
      if (worker?.isUp === true && worker.connections < connectionsPerWorker) return worker;
    }
    return undefined;
  }

  /**
   * Resolves when all publications are delivered. After this call, the pool replaces no worker. The caller sets the
   * deadline.
   */
  async settle(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running().map((worker) => worker.settle()));
  }

  /** Ends every stream in order, and then the workers. Resolves when all processes have ended. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#closing = true;
    const running = this.#running();
    const late = this.#options.clock.after(closeWithinMs, () => {
      for (const worker of running) worker.kill();
    });
    await Promise.all(running.map((worker) => worker.close()));
    late.cancel();
    if (this.#dir !== "") await rm(this.#dir, { recursive: true, force: true });
  }

  /** Resolves when the worker accepts connections, or when it has ended and the pool will replace it. */
  async #start(index: number, pauseMs = 0): Promise<void> {
    const { clock, logger } = this.#options;
    const startedMs = clock.monotonic();
    const ended = (how: string): void =>
      this.#replace(index, { how, ranMs: clock.monotonic() - startedMs, pauseMs });
    const worker = this.#create(index, ended);
    if (worker === undefined) return;
    this.#workers[index] = worker;
    await worker.start();
    if (worker.isUp) logger.debug({ worker: index + 1, pid: worker.pid }, "a worker is ready");
  }

  /** Creates a folder that no other user can enter, or creates the folder again if another program has deleted it. */
  #makeDir(): void {
    if (this.#dir !== "" && existsSync(this.#dir)) return;
    try {
      this.#dir = mkdtempSync(join(tmpdir(), `pharos-workers-${process.pid}-`));
    } catch (error) {
      throw noFolder(error instanceof Error ? error.message : String(error), error);
    }
    if (join(this.#dir, "worker-1000000").length > socketPathBytes)
      throw noFolder(`the path of a socket in this folder would have more than ${socketPathBytes} bytes`);
  }

  /** Returns undefined if the process did not start, for example because no descriptor or no folder was available. */
  #create(index: number, ended: (how: string) => void): Worker | undefined {
    this.#started += 1;
    const run = this.#started;
    try {
      this.#makeDir();
      const settings = {
        ...this.#options.settings,
        worker: index + 1,
        address: `ipc://${join(this.#dir, `worker-${run}`)}`,
        socketPath: join(this.#dir, `http-${run}`),
      };
      return new Worker({ ...this.#options, name: `worker-${run}`, settings, ended });
    } catch (error) {
      ended(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #replace(index: number, { how, ranMs, pauseMs }: EndedRun): void {
    this.#workers[index] = undefined;
    if (this.#closing) return;
    const { clock, logger, metrics } = this.#options;
    const inMs = ranMs > soonMs ? 0 : Math.min(longestPauseMs, Math.max(1000, 2 * pauseMs));
    metrics.count("workers_lost_total");
    if (this.#stopping) {
      logger.error({ worker: index + 1, how }, "a worker has ended before everything was delivered");
      return;
    }
    logger.error({ worker: index + 1, how, inMs }, "a worker has ended; the hub replaces it");
    clock.after(inMs, () => {
      if (!this.#stopping) void this.#start(index, inMs);
    });
  }

  #running(): readonly Worker[] {
    return this.#workers.filter((worker) => worker !== undefined);
  }

  #sum(figure: (worker: Worker) => number): number {
    return this.#running().reduce((sum, worker) => sum + figure(worker), 0);
  }
}

function noFolder(reason: string, cause?: unknown): PharosError {
  const detail = `cannot create a folder for the workers' sockets in ${tmpdir()} (see TMPDIR): ${reason}`;
  return new PharosError("unreachable", detail, { cause });
}

interface EndedRun {
  readonly how: string;
  readonly ranMs: number;
  /** The pause before this run, in milliseconds. */
  readonly pauseMs: number;
}
