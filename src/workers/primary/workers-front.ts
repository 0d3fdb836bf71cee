import { createServer } from "node:net";
import type { AddressInfo, Server, Socket } from "node:net";
import { PharosError } from "../../base/errors.js";
import type { Front, WorkerStatus } from "../../fronts/front.js";
import { WorkerPool } from "./worker-pool.js";
import type { WorkerPoolOptions } from "./worker-pool.js";

/** `connections` beyond the most are closed at once. */
export interface WorkersFrontOptions extends WorkerPoolOptions {
  readonly host: string;
  readonly port: number;
}

/** Connections that wait to be taken in: as many as Linux allows where nobody has set it. */
const backlog = 4096;

/**
 * The HTTP front in several processes. This one takes connections in and hands them to the workers in turn, since a
 * port that all of them listen on would fill some while others idle; it holds none itself. What a request means, who
 * may what, and who follows what, is decided here, for all of them alike. A worker that dies is replaced; its clients
 * come back and resume.
 */
export class WorkersFront implements Front {
  readonly label = "http";
  readonly name = "http";
  readonly #options: WorkersFrontOptions;
  readonly #server: Server;
  readonly #pool: WorkerPool;
  /** Connections that came before the workers were ready; undefined when they are. */
  #early: Socket[] | undefined = [];

  constructor(options: WorkersFrontOptions) {
    this.#options = options;
    this.#pool = new WorkerPool(options);
    // Nothing is read here: the first bytes of a connection are the worker's.
    this.#server = createServer({ pauseOnConnect: true }, (socket) => {
      if (this.#early === undefined) this.#handOver(socket);
      else this.#early.push(socket);
    });
    this.#server.maxConnections = heldAtMost(options);
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

  /** Binds the port and starts the workers; a worker that ends before it is ready is a failure too. */
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
        // Some connections cannot be taken in, for want of memory or descriptors; later ones may be.
        this.#server.on("error", (error) =>
          this.#options.logger.error({ error }, "a connection was not taken in"),
        );
        resolve();
      });
    });
  }

  /** Those that no worker was there for are closed too. */
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
      gone: ended,
      // Nobody has read from it, so that whoever comes next in turn can have it.
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
 * Connections that this process holds at a time at most, while workers start or are slow to take them: as many as one
 * of them may, since it has as many descriptors, and in no case fewer than the kernel keeps waiting anyway.
 */
function heldAtMost({ connections, connectionsPerWorker }: WorkersFrontOptions): number {
  return Math.min(connections, Math.max(backlog, connectionsPerWorker));
}

function cannotListen(address: string, cause: Error): PharosError {
  return new PharosError("unreachable", `cannot listen on ${address}: ${cause.message}`, { cause });
}

function urlOf(address: AddressInfo | string | null, host: string): string {
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
