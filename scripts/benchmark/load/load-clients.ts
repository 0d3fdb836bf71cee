import type { ClientKind } from "../candidate/candidate.js";
import { mergeBuckets, type Buckets } from "../statistics/histogram.js";
import { faultNames, type FaultName, type LoadReport, type Waited } from "./load-answers.js";
import { LoadProcess } from "./load-process.js";

export interface CrowdOptions {
  /** The compiled load generator. */
  readonly program: string;
  readonly clients: number;
  readonly port: number;
  readonly client: ClientKind;
  /** Topics that they follow in turn. @default 1 */
  readonly streams?: number;
  /** Whether they keep the last event id, for reconnecting with it. @default false */
  readonly ids?: boolean;
  /** Clients of one process, which may hold 20,000 descriptors. @default 19000 */
  readonly perProcess?: number;
  /**
   * Clients that wait for their response head at a time, in all processes together. More than a server's queue of
   * connections (511 in Node and nginx) would be refused by the kernel and tried again after a second. @default 400
   */
  readonly inflight?: number;
  /** Its processes connect from 127.0.0.N on, one address for 10,000 clients; two crowds may not share any. @default 2 */
  readonly firstSource?: number;
}

/** How a wait for all clients ended. */
export interface CrowdWait {
  readonly open: number;
  readonly refused: number;
  /** The HTTP status that the last client got. */
  readonly lastStatus: number;
  /** Clients that do not have what was waited for. */
  readonly behind: number;
  /** Until the last client had it, in microseconds. */
  readonly micros: number;
  /** Until the last stream was open, in microseconds. */
  readonly openMicros: number;
}

export type Faults = Readonly<Record<FaultName, number>>;

export interface CrowdReport {
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

/** What all clients must have: `sequence`, or one less in the streams from `cut` on. */
export interface Target {
  readonly sequence: number;
  readonly cut: number;
}

/** As in crowd.h. */
const clientsPerSource = 10_000;

const defaults = { streams: 1, ids: false, perProcess: 19_000, inflight: 400, firstSource: 2 } as const;

/** Many clients in as many load processes as they need, each with a source address of its own. */
export class Crowd {
  readonly #processes: readonly LoadProcess[];
  readonly #options: Required<CrowdOptions>;

  constructor(options: CrowdOptions) {
    this.#options = { ...defaults, ...options };
    const count = Math.max(1, Math.ceil(options.clients / this.#options.perProcess));
    this.#processes = Array.from({ length: count }, () => new LoadProcess(options.program));
  }

  /** Opens all; resolves when each has its stream or was refused, or at the deadline. */
  async open(options: { readonly within: number }): Promise<CrowdWait> {
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

  /** Until every open client has what it must have. */
  async reach(target: Target, options: { readonly within: number }): Promise<CrowdWait> {
    const ask = { sequence: target.sequence, cut: target.cut, within: options.within };
    return mergeWaits(await Promise.all(this.#processes.map(async (load) => load.wait("await", ask))));
  }

  /** All close their connections at once. */
  async drop(): Promise<void> {
    await Promise.all(this.#processes.map(async (load) => load.tell("drop")));
  }

  /** Those without a stream connect again, with the last event id that they have. */
  async reconnect(options: { readonly within: number }): Promise<CrowdWait> {
    const ask = { inflight: this.#inflight(), within: options.within };
    return mergeWaits(await Promise.all(this.#processes.map(async (load) => load.wait("reconnect", ask))));
  }

  /** Counts, faults and delays begin anew. */
  async reset(): Promise<void> {
    await Promise.all(this.#processes.map(async (load) => load.tell("reset")));
  }

  async report(): Promise<CrowdReport> {
    return mergeReports(await Promise.all(this.#processes.map(async (load) => load.report())));
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map(async (load) => load.close()));
  }

  #inflight(): number {
    return Math.max(1, Math.floor(this.#options.inflight / this.#processes.length));
  }
}

function mergeWaits(waits: readonly Waited[]): CrowdWait {
  return {
    open: sum(waits, (wait) => wait.open),
    refused: sum(waits, (wait) => wait.refused),
    lastStatus: Math.max(...waits.map((wait) => wait.lastStatus)),
    behind: sum(waits, (wait) => wait.behind),
    micros: Math.max(...waits.map((wait) => wait.micros)),
    openMicros: Math.max(...waits.map((wait) => wait.openMicros)),
  };
}

function mergeReports(reports: readonly LoadReport[]): CrowdReport {
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
