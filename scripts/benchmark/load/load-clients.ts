import type { ClientKind } from "../candidate/client-kind.js";
import { mergeBuckets, type Buckets } from "../statistics/histogram.js";
import { faultNames, type FaultName, type LoadReport, type WaitAnswer } from "./load-answers.js";
import { LoadProcess } from "./load-process.js";

export interface LoadClientsOptions {
  /** Path of the compiled load generator. */
  readonly program: string;
  readonly clients: number;
  readonly port: number;
  readonly client: ClientKind;
  /**
   * The number of topics. The first client has the first topic, and so on; after the last topic comes the first.
   * @default 1
   */
  readonly streams?: number;
  /** Whether clients store the last event id and send it when they reconnect. @default false */
  readonly ids?: boolean;
  /** The maximum number of clients per process. A process may open 20,000 file descriptors. @default 19000 */
  readonly perProcess?: number;
  /**
   * The maximum number of clients that wait for their response head, in all processes together. If the number is above
   * a server's listen backlog (511 in Node and nginx), the kernel drops connections and tries again after a second.
   * @default 400
   */
  readonly inflight?: number;
  /**
   * N in the first source address, 127.0.0.N. Each source address has 10,000 clients. Two instances must not share an
   * address. @default 2
   */
  readonly firstSource?: number;
}

/** The result of a wait for all clients. */
export interface WaitResult {
  readonly open: number;
  readonly refused: number;
  /** The HTTP status of the last response. */
  readonly lastStatus: number;
  /** The number of clients that have not received the expected sequence number. */
  readonly behind: number;
  /** Time until the last client met the awaited condition, in microseconds. */
  readonly micros: number;
  /** Time until the last stream was open, in microseconds. */
  readonly openMicros: number;
}

export type Faults = Readonly<Record<FaultName, number>>;

export interface ClientsReport {
  readonly atMicros: number;
  readonly open: number;
  readonly events: number;
  readonly bytes: number;
  readonly reads: number;
  readonly cpuMicros: number;
  readonly lowest: number;
  readonly highest: number;
  readonly faults: Faults;
  readonly delays: Buckets;
}

/**
 * The sequence number that every client must have received: `sequence - 1` in the streams from number `cut` on, and
 * `sequence` in the other streams.
 */
export interface Expected {
  readonly sequence: number;
  readonly cut: number;
}

/** The same value as in clients.h. */
const clientsPerSource = 10_000;

const defaults = { streams: 1, ids: false, perProcess: 19_000, inflight: 400, firstSource: 2 } as const;

/** Many clients in several load processes. Each process has its own source addresses. */
export class LoadClients {
  readonly #processes: readonly LoadProcess[];
  readonly #options: Required<LoadClientsOptions>;

  constructor(options: LoadClientsOptions) {
    this.#options = { ...defaults, ...options };
    const count = Math.max(1, Math.ceil(options.clients / this.#options.perProcess));
    this.#processes = Array.from({ length: count }, () => new LoadProcess(options.program));
  }

  /** Opens all clients. Resolves when each client has a stream or was refused, or after `within` milliseconds. */
  async open(options: { readonly within: number }): Promise<WaitResult> {
    const { clients, port, client, streams, ids, firstSource } = this.#options;
    const share = Math.ceil(clients / this.#processes.length);
    const answers = this.#processes.map(async (load, index) => {
      const first = index * share;
      return load.wait("open", {
        count: Math.min(share, clients - first),
        first,
        host: "127.0.0.1",
        source: `127.0.0.${firstSource + index * Math.ceil(share / clientsPerSource)}`,
        port,
        path: client.path,
        kind: client.kind,
        streams,
        ids: ids ? 1 : 0,
        inflight: this.#inflight(),
        within: options.within,
      });
    });
    return mergeWaits(await Promise.all(answers));
  }

  /** Waits until every open client has received the expected sequence number, but at most `within` milliseconds. */
  async reach(expected: Expected, options: { readonly within: number }): Promise<WaitResult> {
    const { sequence, cut } = expected;
    const command = { sequence, cut, within: options.within };
    return mergeWaits(await Promise.all(this.#processes.map(async (load) => load.wait("await", command))));
  }

  /** Closes all connections at once. */
  async drop(): Promise<void> {
    await Promise.all(this.#processes.map(async (load) => load.tell("drop")));
  }

  /** Reconnects the clients without a stream. Clients that store event ids send their last event id. */
  async reconnect(options: { readonly within: number }): Promise<WaitResult> {
    const command = { inflight: this.#inflight(), within: options.within };
    return mergeWaits(
      await Promise.all(this.#processes.map(async (load) => load.wait("reconnect", command))),
    );
  }

  /** Sets all counts, faults and delays to zero. */
  async reset(): Promise<void> {
    await Promise.all(this.#processes.map(async (load) => load.tell("reset")));
  }

  async report(): Promise<ClientsReport> {
    return mergeReports(await Promise.all(this.#processes.map(async (load) => load.report())));
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map(async (load) => load.close()));
  }

  #inflight(): number {
    return Math.max(1, Math.floor(this.#options.inflight / this.#processes.length));
  }
}

function mergeWaits(waits: readonly WaitAnswer[]): WaitResult {
  return {
    open: sum(waits, (wait) => wait.open),
    refused: sum(waits, (wait) => wait.refused),
    lastStatus: Math.max(...waits.map((wait) => wait.lastStatus)),
    behind: sum(waits, (wait) => wait.behind),
    micros: Math.max(...waits.map((wait) => wait.micros)),
    openMicros: Math.max(...waits.map((wait) => wait.openMicros)),
  };
}

function mergeReports(reports: readonly LoadReport[]): ClientsReport {
  const faults = faultNames.map((name) => [name, sum(reports, (report) => report[name])] as const);
  return {
    atMicros: Math.max(...reports.map((report) => report.atMicros)),
    open: sum(reports, (report) => report.open),
    events: sum(reports, (report) => report.events),
    bytes: sum(reports, (report) => report.bytes),
    reads: sum(reports, (report) => report.reads),
    cpuMicros: sum(reports, (report) => report.cpuMicros),
    lowest: Math.min(...reports.map((report) => report.lowest)),
    highest: Math.max(...reports.map((report) => report.highest)),
    faults: Object.fromEntries(faults) as Faults,
    delays: mergeBuckets(reports.map((report) => report.delays)),
  };
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0);
}
