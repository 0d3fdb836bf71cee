import type { AccessLog } from "../access-log/access-log.js";
import type { Clock } from "../base/clock.js";
import type { Live } from "../base/live/live.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import type { Config } from "../config/config.js";
import type { Gateway } from "../gateway/gateway.js";
import type { DescriptorPlan } from "../limits/descriptors.js";
import type { CertificateStore } from "./tls/certificate-store.js";
import type { Hub } from "../hub/hub.js";
import type { ProcessUsage } from "../process/process-usage.js";

/** The states of a link to another server, such as Mongrel2; see {@link LinkState}. */
export const linkStates = ["waiting", "up", "stuck", "down"] as const;

/**
 * `waiting`: the server has not connected yet. `up`: the server accepts messages. `stuck`: the server is connected, but
 * accepts no messages at the moment. `down`: the connection to the server is lost.
 */
export type LinkState = (typeof linkStates)[number];

/** An address that is bound. */
export interface BoundAddress {
  /**
   * `http://HOST:PORT` or `https://HOST:PORT` with the real port, or `unix:/PATH`. For an address on all network
   * interfaces, the host is 127.0.0.1.
   */
  readonly url: string;
  /** True if the address only sends clients to the hub's https URL. @default false */
  readonly redirects?: boolean;
  /** Only for an address on all network interfaces. */
  readonly allInterfaces?: {
    /** The address as it is bound: `0.0.0.0:PORT`, or `[::]:PORT` for IPv4 and IPv6. */
    readonly address: string;
    /** The URLs with the addresses of this machine that other machines may reach. */
    readonly urls: readonly string[];
  };
}

/** The status of one worker process, for operators. */
export interface WorkerStatus {
  /** The number of the worker, from 1. A worker that replaces an ended worker has the same number. */
  readonly worker: number;
  /** `starting`: the worker accepts no connections yet, or is about to end. */
  readonly state: "up" | "starting" | "ended";
  /** The process id; undefined while no process runs. */
  readonly pid: number | undefined;
  /** Open connections, with and without a stream. */
  readonly connections: number;
  readonly streams: number;
  readonly laggards: number;
  /** What the process uses; undefined while nothing is known. */
  readonly usage: ProcessUsage | undefined;
}

/** A server for clients. A front passes the clients' requests to the gateway, and writes the streams to the clients. */
export interface Front {
  /** The value of the label `front` in the metrics. Fronts with the same label are counted together. */
  readonly label: string;
  /** Unique among the fronts. */
  readonly name: string;
  /** Open streams. */
  readonly size: number;
  /** The number of streams whose clients read too slowly. */
  readonly laggards: number;
  /**
   * Bytes of request bodies in the front's worker processes. The gateway counts the bodies in the hub's own process.
   */
  readonly bodyBytes: number;
  /**
   * Everything that the front itself holds for clients until they leave or get their answers: streams, requests and
   * messages. 0 if the gateway and {@link size} count all of it.
   */
  readonly held: number;
  /** Only for a front behind another server. */
  readonly linkState?: LinkState;
  /** Only for a front behind another server: true while another hub gets a part of the server's requests. */
  readonly isShared?: boolean;
  /** Only for a front with worker processes. */
  readonly workers?: readonly WorkerStatus[];
  /**
   * Starts to accept connections. Resolves with the bound addresses, which are none for a front behind another server.
   * The other server may start later.
   *
   * @param stopping ends the wait for worker processes
   * @throws PharosError `unreachable` or `bad-endpoint` when an address cannot be used, `closed` once `stopping` is
   *   aborted. In both cases, close the front
   */
  start(stopping: AbortSignal): Promise<readonly BoundAddress[]>;
  /** Called after a change of the settings. A front reads most settings at each use, so most fronts need no call. */
  settingsChanged?(): void;
  /**
   * From now on, each answer ends its connection, so that clients and proxies connect elsewhere. The front goes on to
   * accept connections, and to serve them.
   */
  drain(): void;
  /**
   * Stops accepting connections, and ends the open streams evenly over this time, in milliseconds. Publications still
   * reach the streams that are open. Open connections are served until {@link close}. Resolves at the end of the time, or
   * when no stream is open.
   */
  endEvenly(overMs: number): Promise<void>;
  /**
   * Stops accepting connections, and resolves when all publications are delivered. There is no time limit, so the
   * caller has to set a deadline.
   */
  settle(): Promise<void>;
  /** Ends every stream in order, so that clients reconnect elsewhere, and then frees the resources of the front. */
  close(): Promise<void>;
}

/** The parts that a front is built from. */
export interface FrontParts {
  readonly config: Live<Config>;
  readonly gateway: Gateway;
  readonly hub: Hub;
  /** The folder with the hub's page. */
  readonly htmlDir: string;
  /** The program file of a worker process. @default the file beside this code */
  readonly workerEntry?: string | undefined;
  /** The certificates of the listeners with TLS; undefined if there is none. */
  readonly certificates: CertificateStore | undefined;
  readonly descriptors: DescriptorPlan;
  /** Undefined if there is no access log. */
  readonly accessLog: AccessLog | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * Builds the fronts of one kind, or none if the configuration switches this kind off. To add a kind, create a folder
 * for its code, and add its builder to the list in `app/fronts.ts`.
 */
export type FrontBuilder = (parts: FrontParts) => readonly Front[];
