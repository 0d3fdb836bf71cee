import type { Socket } from "node:net";
import { unlessAborted } from "../../base/at-most.js";
import type { CutReason } from "../../base/metrics.js";
import { ConnectionDescriptors } from "../../fronts/connection-descriptors.js";
import type { DescriptorPlan } from "../../limits/descriptors.js";
import type { BoundAddress, Front, WorkerStatus } from "../../fronts/front.js";
import { queuedConnections } from "../../fronts/listen/bind/listen-on.js";
import { peerOf } from "../../fronts/listen/intake.js";
import type { Listener } from "../../fronts/listen/listener.js";
import { ProxyPeers } from "../../fronts/listen/proxy/proxy-peers.js";
import { Listeners } from "../../fronts/listen/listeners.js";
import { WorkerPool } from "./worker-pool.js";
import type { WorkerPoolLimits, WorkerPoolOptions } from "./worker-pool.js";
import type { Accepted, HandOverCallbacks } from "./worker-connections.js";

/** The callbacks of a connection that the hub counts. */
type Counted = Pick<HandOverCallbacks, "closed" | "named">;

/** The front closes connections above the limit `connections` at once. */
export interface WorkersFrontOptions extends WorkerPoolOptions {
  readonly listeners: readonly Listener[];
  readonly descriptors: DescriptorPlan;
}

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
  readonly #listeners: Listeners;
  readonly #pool: WorkerPool;
  readonly #descriptors: ConnectionDescriptors;
  readonly #proxies: ProxyPeers;
  /** Connections that were accepted before the workers are ready; undefined once the workers are ready. */
  #early: Accepted[] | undefined = [];

  constructor(options: WorkersFrontOptions) {
    this.#options = options;
    this.#pool = new WorkerPool(options);
    this.#proxies = new ProxyPeers(options.settings.proxyProtocol);
    this.#descriptors = new ConnectionDescriptors("client", options);
    // This process reads no data, because the first bytes of a connection are for the worker.
    this.#listeners = new Listeners({
      ...options,
      limits: {
        get connections() {
          return mostHeld(options.limits);
        },
      },
      accept: (socket, at) => {
        if (!this.#descriptors.admit(socket)) return;
        if (this.#early === undefined) this.#handOver({ socket, at });
        else this.#early.push({ socket, at });
      },
      dropped: () => this.#countCut("workers"),
    });
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

  /** Binds the addresses and starts the workers. Rejects also if a worker ends before the worker is ready. */
  async start(stopping: AbortSignal): Promise<readonly BoundAddress[]> {
    const bound = await this.#listeners.open();
    try {
      await unlessAborted(stopping, this.#pool.start());
    } catch (error) {
      this.#takeNoMore();
      throw error;
    }
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const accepted of early) this.#handOver(accepted);
    return bound;
  }

  settingsChanged(): void {
    this.#listeners.limitsChanged();
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

  /** Also closes the connections that no worker has yet. */
  #takeNoMore(): void {
    this.#listeners.close();
    for (const { socket } of this.#early?.splice(0) ?? []) socket.destroy();
  }

  #handOver(accepted: Accepted): void {
    const { socket, at } = accepted;
    const worker = this.#pool.next();
    if (worker === undefined) return this.#cut(socket, "workers");
    const peer = peerOf(socket, at);
    if (peer === undefined) return void socket.destroy();
    const counted = this.#proxies.has(peer) ? this.#countLater() : this.#countNow(peer);
    if (counted === undefined) return this.#cut(socket, "address");
    worker.handOver(accepted, {
      ...counted,
      // No worker has read from the connection, so the next worker can get it.
      failed: () => {
        counted.closed();
        this.#handOver(accepted);
      },
    });
  }

  #countNow(peer: string): Counted | undefined {
    const closed = this.#options.gateway.admitConnection(peer);
    return closed && { closed };
  }

  /** For a connection of a proxy: the worker reads the address of the client. */
  #countLater(): Counted {
    let ended: (() => void) | undefined;
    return {
      closed: () => ended?.(),
      named: (peer) => {
        ended = this.#options.gateway.admitConnection(peer);
        if (ended === undefined) this.#countCut("address");
        return ended !== undefined;
      },
    };
  }

  #cut(socket: Socket, reason: CutReason): void {
    this.#countCut(reason);
    socket.destroy();
  }

  #countCut(reason: CutReason): void {
    this.#options.metrics.count("connections_cut_total", 1, { reason });
  }
}

/**
 * The limit of connections in this process while workers start or accept slowly. The limit equals the limit of one
 * worker, because both processes have the same number of descriptors. But it is at least the size of the kernel's
 * queue.
 */
function mostHeld({ connections, connectionsPerWorker }: WorkerPoolLimits): number {
  return Math.min(connections, Math.max(queuedConnections, connectionsPerWorker));
}
