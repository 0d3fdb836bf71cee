import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { PharosError } from "../../base/errors.js";
import { ConnectionDescriptors } from "../../fronts/connection-descriptors.js";
import type { DescriptorPlan } from "../../limits/descriptors.js";
import type { Front, WorkerStatus } from "../../fronts/front.js";
import { WorkerPool } from "./worker-pool.js";
import type { WorkerPoolLimits, WorkerPoolOptions } from "./worker-pool.js";

/** The front closes connections above the limit `connections` at once. */
export interface WorkersFrontOptions extends WorkerPoolOptions {
  readonly host: string;
  readonly port: number;
  readonly descriptors: DescriptorPlan;
}

/** The limit of connections that wait to be accepted: the default maximum of Linux. */
const backlog = 4096;

/**
 * The HTTP front in several processes. This process accepts connections and passes them to the workers in rotation. If
 * the workers shared the port, some workers would fill up while others idle. This process also decides about requests,
 * rights and subscriptions for all workers. The hub replaces a worker that ends, and the clients of that worker
 * reconnect and resume.
 */
export class WorkersFront implements Front {
  readonly label = "http";
  readonly name = "http";
  readonly #options: WorkersFrontOptions;
  readonly #server: Server;
  readonly #pool: WorkerPool;
  readonly #descriptors: ConnectionDescriptors;
  /** Connections that were accepted before the workers are ready; undefined once the workers are ready. */
  #early: Socket[] | undefined = [];

  constructor(options: WorkersFrontOptions) {
    this.#options = options;
    this.#pool = new WorkerPool(options);
    this.#descriptors = new ConnectionDescriptors("client", options);
    // This process reads no data, because the first bytes of a connection are for the worker.
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      if (!this.#descriptors.admit(socket)) return;
      if (this.#early === undefined) this.#handOver(socket);
      else this.#early.push(socket);
    });
    this.#server.maxConnections = mostHeld(options.limits);
    this.#server.on("drop", () => this.#countCut("workers"));
  }

  get size(): number {
    return this.#pool.size;
  }

  get laggards(): number {
    return this.#pool.laggards;
  }

  get workers(): readonly WorkerStatus[] {
    return this.#pool.status;
  }

  get bodyBytes(): number {
    return this.#pool.bodyBytes;
  }

  get held(): number {
    return this.#pool.held;
  }

  /** Binds the port and starts the workers. Rejects also if a worker ends before the worker is ready. */
  async start(): Promise<string> {
    await this.#bind();
    try {
      await this.#pool.start();
    } catch (error) {
      this.#takeNoMore();
      throw error;
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const socket of early) this.#handOver(socket);
    return urlOf(this.#server.address(), this.#options.host);
  }

  settingsChanged(): void {
    this.#server.maxConnections = mostHeld(this.#options.limits);
    this.#pool.settingsChanged();
  }

  drain(): void {
    this.#pool.drain();
  }

  async endEvenly(overMs: number): Promise<void> {
    this.#takeNoMore();
    await this.#pool.endEvenly(overMs);
  }

  async settle(): Promise<void> {
    this.#takeNoMore();
    await this.#pool.settle();
  }

  async close(): Promise<void> {
    this.#takeNoMore();
    await this.#pool.close();
  }

  #bind(): Promise<void> {
    const { host, port } = this.#options;
    return new Promise((resolve, reject) => {
      const refuse = (error: Error): void => reject(cannotListen(`${host}:${port}`, error));
      this.#server.once("error", refuse);
      this.#server.listen({ host, port, backlog }, () => {
        this.#server.off("error", refuse);
        // The process lacks memory or descriptors for one connection. Later connections may succeed.
        this.#server.on("error", (error) =>
          this.#options.logger.error({ error }, "a connection could not be accepted"),
        );
        resolve();
      });
    });
  }

  /** Also closes the connections that no worker has yet. */
  #takeNoMore(): void {
    this.#server.close();
    for (const socket of this.#early?.splice(0) ?? []) socket.destroy();
  }

  #handOver(socket: Socket): void {
    const worker = this.#pool.next();
    if (worker === undefined) return this.#cut(socket, "workers");
    const ended = this.#options.gateway.admitConnection(socket.remoteAddress);
    if (ended === undefined) return this.#cut(socket, "address");
    worker.handOver(socket, {
      closed: ended,
      // No worker has read from the connection, so the next worker can get it.
      failed: () => {
        ended();
        this.#handOver(socket);
      },
    });
  }

  #cut(socket: Socket, reason: string): void {
    this.#countCut(reason);
    socket.destroy();
  }

  #countCut(reason: string): void {
    this.#options.metrics.count("connections_cut_total", 1, { reason });
  }
}

/**
 * The limit of connections in this process while workers start or accept slowly. The limit equals the limit of one
 * worker, because both processes have the same number of descriptors. But it is at least the size of the kernel's
 * queue.
 */
function mostHeld({ connections, connectionsPerWorker }: WorkerPoolLimits): number {
  return Math.min(connections, Math.max(backlog, connectionsPerWorker));
}

function cannotListen(address: string, cause: Error): PharosError {
  return new PharosError("unreachable", `cannot listen on ${address}: ${cause.message}`, { cause });
}

function urlOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
