import type { Candidate, RunningServer } from "../candidate/candidate.js";
import type { ClientsReport, Expected, LoadClients, WaitResult } from "../load/load-clients.js";
import { openWithinMs } from "../load/open-clients.js";
import { cpuSecondsOf, memoryBytes } from "../machine/processes.js";
import type { Publisher } from "../publisher/publisher.js";
import type { Published } from "../publisher/publishing.js";
import { streamsOf, type EnvironmentSpec } from "./environment-spec.js";

const warmUpAttempts = 10;

/** The parts of an {@link Environment}. */
export interface EnvironmentParts {
  readonly candidate: Candidate;
  readonly spec: EnvironmentSpec;
  readonly server: RunningServer;
  readonly loadClients: LoadClients;
  readonly publisher: Publisher;
  /** The server's memory before the first client connected, in bytes. */
  readonly memoryBefore: number;
  /** The machine's available memory before the first client connected, in bytes. */
  readonly availableBefore: number;
  /** The result of opening all clients. */
  readonly opened: WaitResult;
}

/** A running server with connected clients and a connected publisher. Call {@link close} at the end. */
export class Environment {
  readonly candidate: Candidate;
  readonly spec: EnvironmentSpec;
  readonly server: RunningServer;
  readonly loadClients: LoadClients;
  readonly publisher: Publisher;
  readonly memoryBefore: number;
  readonly availableBefore: number;
  readonly opened: WaitResult;
  readonly #close: () => Promise<void>;
  #warm = false;

  constructor(parts: EnvironmentParts, close: () => Promise<void>) {
    this.candidate = parts.candidate;
    this.spec = parts.spec;
    this.server = parts.server;
    this.loadClients = parts.loadClients;
    this.publisher = parts.publisher;
    this.memoryBefore = parts.memoryBefore;
    this.availableBefore = parts.availableBefore;
    this.opened = parts.opened;
    this.#close = close;
  }

  /** The server's memory now, in bytes. */
  memory(): number {
    return memoryOf(this.server);
  }

  /** CPU time that the server has used, in seconds. */
  cpuSeconds(): number {
    return cpuSecondsOf(this.server.processes.flatMap((part) => part.pids()));
  }

  /** CPU time of each server process and of the publisher, in seconds. */
  cpuSecondsOfParts(): Readonly<Record<string, number>> {
    const parts = this.server.processes.map((part) => [part.name, cpuSecondsOf(part.pids())] as const);
    return Object.fromEntries([...parts, ["publisher", cpuSecondsOf([this.publisher.pid])]]);
  }

  /** Waits until every client has received all publications. */
  async waitUntilDelivered(published: Pick<Published, "total">, within: number): Promise<WaitResult> {
    return this.loadClients.reach(this.#expectedAfter(published), { within });
  }

  /**
   * Publishes until each client has received an event, because a stream may be open before the server has subscribed
   * the client. Rejects if a client receives nothing. Later calls do nothing.
   */
  async warmUp(): Promise<void> {
    if (this.#warm) return;
    const { clients } = this.spec;
    let behind = clients;
    for (let attempt = 0; attempt < warmUpAttempts && behind > 0; attempt++) {
      const published = await this.publisher.call("publish", { count: streamsOf(this.spec) });
      behind = (await this.waitUntilDelivered(published, Math.max(5000, clients / 20))).behind;
    }
    if (behind > 0) throw new Error(`${behind} of ${clients} clients receive nothing`);
    await this.loadClients.reset();
    this.#warm = true;
  }

  /** Reconnects the clients that the server has closed, and warms up again. */
  async reconnectAll(): Promise<void> {
    await this.loadClients.reconnect({ within: openWithinMs(this.spec.clients) });
    this.#warm = false;
    await this.warmUp();
  }

  /**
   * Publishes at a rate for a period, then waits for delivery. The result contains only the faults and delays of this
   * period.
   */
  async publishFor(options: {
    readonly perSecond: number;
    /** Length of each publication's data. @default payloadBytes */
    readonly bytes?: number;
    readonly seconds: number;
    /** The longest wait for delivery after the last publication, in milliseconds. */
    readonly drainWithin: number;
  }): Promise<{
    readonly published: Published;
    readonly report: ClientsReport;
    readonly drained: WaitResult;
    /** CPU time that the server used, in seconds. */
    readonly cpuSeconds: number;
  }> {
    const { perSecond, bytes } = options;
    await this.warmUp();
    await this.loadClients.reset();
    const cpuBefore = this.cpuSeconds();
    await this.publisher.call("begin", { perSecond, ...(bytes === undefined ? {} : { bytes }) });
    await new Promise((resolve) => setTimeout(resolve, options.seconds * 1000));
    const published = await this.publisher.call("stop", null);
    const drained = await this.waitUntilDelivered(published, options.drainWithin);
    const cpuSeconds = this.cpuSeconds() - cpuBefore;
    return { published, drained, cpuSeconds, report: await this.loadClients.report() };
  }

  /**
   * The reason why the next scenario cannot use this environment; `undefined` if all clients are connected and up to
   * date.
   */
  async unusableReason(): Promise<string | undefined> {
    const { open } = await this.loadClients.report();
    if (open < this.spec.clients) return `${this.spec.clients - open} clients are disconnected`;
    const published = await this.publisher.call("stop", null);
    const { behind } = await this.waitUntilDelivered(published, 2000);
    return behind > 0 ? `${behind} clients are behind` : undefined;
  }

  async close(): Promise<void> {
    await this.#close();
  }

  #expectedAfter({ total }: Pick<Published, "total">): Expected {
    const streams = streamsOf(this.spec);
    const remainder = total % streams;
    return { sequence: Math.ceil(total / streams), cut: remainder === 0 ? 2 ** 32 - 1 : remainder };
  }
}

/** The memory of all measured processes of a server, in bytes. */
export function memoryOf(server: RunningServer): number {
  return memoryBytes(server.processes.flatMap((part) => part.pids()));
}
