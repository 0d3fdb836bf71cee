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
  /** How many processes. */
  readonly workers: number;
  /** Most connections of one worker, streams and others together; one that has them gets none. */
  readonly connectionsPerWorker: number;
  /** Most connections in all. */
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

/** A worker that ends within this time of its start is started anew only after a while, in milliseconds. */
const soonMs = 10_000;
const longestPauseMs = 30_000;

/** What the name of a socket may have on Linux, without its end [unix(7)]. */
const socketPathBytes = 107;

/** How long workers may take to end when they are asked to, in milliseconds; those that take longer are killed. */
const closeWithinMs = 5000;

/** The workers: as many as there are to be, each replaced when it ends or cannot be started. */
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

  /** Connections, streams and others. */
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

  /** One entry for each configured worker, also while it has no process. */
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

  /** Bytes of request bodies that the workers hold. */
  get bodyBytes(): number {
    return this.#sum((worker) => worker.bodyBytes);
  }

  /**
   * Resolves when all workers take connections.
   *
   * @throws PharosError `unreachable` when one ends before, or there can be no folder for their sockets
   */
  async start(): Promise<void> {
    // At once, so that whoever closes meanwhile finds the folder and every worker.
    this.#makeDir();
    await Promise.all(this.#workers.map((_, index) => this.#start(index)));
    if (!this.#workers.every((worker) => worker?.isUp === true))
      throw new PharosError("unreachable", "a worker ended before it was ready; the log says more");
  }

  /** The next in turn that takes connections; undefined when none does, or all together have as many as they may. */
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

  /** Resolves when what was published is delivered; from now on none is replaced. The caller sets the deadline. */
  async settle(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running().map((worker) => worker.settle()));
  }

  /** Ends every stream in order, and the workers; resolves when nothing of them is left. */
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

  /** Resolves when the worker takes connections, or has ended and is to be replaced. */
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

  /** A folder that nobody else may enter; again when somebody has tidied it away. */
  #makeDir(): void {
    if (this.#dir !== "" && existsSync(this.#dir)) return;
    try {
      this.#dir = mkdtempSync(join(tmpdir(), `pharos-workers-${process.pid}-`));
    } catch (error) {
      throw noFolder(error instanceof Error ? error.message : String(error), error);
    }
    if (join(this.#dir, "worker-1000000").length > socketPathBytes)
      throw noFolder(`its name is too long for a socket's, which has at most ${socketPathBytes} bytes`);
  }

  /** Undefined when it has ended before it was there: there was no descriptor, or no place, for its way to the hub. */
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
      logger.error({ worker: index + 1, how }, "a worker has ended before it had delivered everything");
      return;
    }
    logger.error({ worker: index + 1, how, inMs }, "a worker has ended; another takes its place");
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
  const detail = `the sockets of the workers need a folder in ${tmpdir()}, where TMPDIR says: ${reason}`;
  return new PharosError("unreachable", detail, { cause });
}

interface EndedRun {
  readonly how: string;
  readonly ranMs: number;
  /** How long it had been waited before it was started. */
  readonly pauseMs: number;
}
