import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Gateway } from "../../gateway/gateway.js";
import type { Hub } from "../../hub/hub.js";
import type { Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { FanoutLimits } from "../../limits/fanout.js";
import type { WorkerStatus } from "../../fronts/front.js";
import { Waiters } from "../../base/waiters.js";
import type { CertificateStore } from "../../fronts/tls/certificate-store.js";
import type { WorkerSettings } from "../ipc/settings.js";
import { removeDeadFolders } from "./remove-dead-folders.js";
import { ScratchFolder } from "./scratch-folder.js";
import { Worker } from "./worker.js";

export interface WorkerPoolLimits {
  /**
   * The limit of connections of one worker, with and without a stream. At the limit, a worker gets no further
   * connections.
   */
  readonly connectionsPerWorker: number;
  /** The limit of connections of all workers together. */
  readonly connections: number;
}

export interface WorkerPoolOptions {
  /** The number of worker processes. */
  readonly workers: number;
  /** Read at each use. */
  readonly limits: WorkerPoolLimits;
  /** The program of a worker. */
  readonly entry: string;
  /** The settings that are the same for all workers. Read at the start of each worker. */
  readonly settings: Omit<WorkerSettings, "worker" | "address" | "tls">;
  /** The certificates of the listeners with TLS; undefined if there is none. */
  readonly certificates?: CertificateStore | undefined;
  /** Read at each use. */
  readonly fanout: Pick<FanoutLimits, "roundBytes">;
  readonly gateway: Gateway;
  readonly hub: Hub;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** If a worker ends within this time after its start, the pool replaces it only after a pause. In milliseconds. */
const soonMs = 10_000;
const longestPauseMs = 30_000;

/**
 * While the hub starts, this many runs of a worker may end before the worker is ready. Then the start fails. A worker
 * that was killed by chance is replaced; a worker that cannot run at all is reported after three seconds.
 */
const startAttempts = 3;

/** The time for workers to end, in milliseconds. The hub kills the workers that need longer. */
const closeWithinMs = 5000;

/** The worker processes. The pool replaces a worker that ends or cannot be started. */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #workers: (Worker | undefined)[];
  /** The workers that have not been ready yet, each with the number of its runs that have ended. */
  readonly #unready: Map<number, number>;
  readonly #waiters = new Waiters();
  readonly #folder = new ScratchFolder();
  #started = 0;
  #next = 0;
  #draining = false;
  #stopping = false;
  #closing = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
    this.#workers = Array.from({ length: options.workers }, () => undefined);
    this.#unready = new Map(this.#workers.map((_, index) => [index, 0]));
    options.certificates?.follow((tls) => {
      for (const worker of this.#running()) worker.useCertificates(tls);
    });
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
      usage: worker?.usage,
    }));
  }

  /** Bytes of request bodies in the workers. */
  get bodyBytes(): number {
    return this.#sum((worker) => worker.bodyBytes);
  }

  /** Streams, and requests and messages without an answer, in the workers. */
  get held(): number {
    return this.#sum((worker) => worker.held);
  }

  /**
   * Resolves when all workers have been ready to accept connections. A worker that ends first is replaced.
   *
   * @throws PharosError `unreachable` if a worker ends {@link startAttempts} times first, if the pool is closed in the
   *   meantime, or if the folder for the workers' sockets cannot be created
   */
  async start(): Promise<void> {
    // The folder and the workers exist before the first `await`, so that a `close` in the meantime finds them.
    this.#folder.make();
    void removeDeadFolders(tmpdir());
    for (const index of this.#workers.keys()) void this.#start(index);
    await this.#waiters.until(() => this.#unready.size === 0 || this.#hasFailedToStart);
    if (this.#unready.size > 0)
      throw new PharosError("unreachable", "a worker ended before it was ready; the log says more");
  }

  /** The next worker, in rotation, that can accept a connection; undefined if none can. */
  next(): Worker | undefined {
    const { connections, connectionsPerWorker } = this.#options.limits;
    if (this.connections >= connections) return undefined;
    for (let tried = 0; tried < this.#workers.length; tried += 1) {
      const worker = this.#workers[this.#next];
      this.#next = (this.#next + 1) % this.#workers.length;
      if (worker?.isUp === true && worker.connections < connectionsPerWorker) return worker;
    }
    return undefined;
  }

  /** Sends the changed settings to all workers. */
  settingsChanged(): void {
    for (const worker of this.#running()) worker.changeSettings(this.#options.settings);
  }

  /** Each answer ends its connection from now on, also in the workers that the pool starts later. */
  drain(): void {
    this.#draining = true;
    for (const worker of this.#running()) worker.drain();
  }

  /** Ends the streams evenly over this time. After this call, the pool replaces no worker. */
  async endEvenly(overMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running().map((worker) => worker.endEvenly(overMs)));
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
    await this.#folder.remove();
    this.#waiters.look();
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
    if (!worker.isUp) return;
    if (this.#draining) worker.drain();
    logger.debug({ worker: index + 1, pid: worker.pid }, "a worker is ready");
    this.#unready.delete(index);
    this.#waiters.look();
  }

  /** Returns undefined if the process did not start, for example because no descriptor or no folder was available. */
  #create(index: number, ended: (how: string) => void): Worker | undefined {
    this.#started += 1;
    const run = this.#started;
    try {
      const folder = this.#folder.make();
      const settings = {
        ...this.#options.settings,
        tls: this.#options.certificates?.material,
        worker: index + 1,
        address: `ipc://${join(folder, `worker-${run}`)}`,
      };
      return new Worker({ ...this.#options, name: `worker-${run}`, settings, ended });
    } catch (error) {
      ended(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  #replace(index: number, { how, ranMs, pauseMs }: EndedRun): void {
    this.#workers[index] = undefined;
    const failed = this.#unready.get(index);
    if (failed !== undefined) this.#unready.set(index, failed + 1);
    this.#waiters.look();
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

  get #hasFailedToStart(): boolean {
    if (this.#stopping) return this.#running().length === 0;
    return [...this.#unready.values()].some((failed) => failed >= startAttempts);
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
  /** The pause before this run, in milliseconds. */
  readonly pauseMs: number;
}
