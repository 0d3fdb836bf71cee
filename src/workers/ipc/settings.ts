import type { LogLevel } from "../../base/log.js";
import type { FanoutLimits } from "../../delivery/limits.js";
import type { ServedPath } from "../../gateway/http/resource.js";

/** What a worker is told when it is started, over the channel that brings its connections too. */
export interface WorkerSettings {
  /** Which of the workers it is, from 1. */
  readonly worker: number;
  /** Where the hub's end of the ZeroMQ pair is bound. */
  readonly address: string;
  /** A path for the worker's own HTTP server, in a folder that nobody else may enter. */
  readonly socketPath: string;
  readonly htmlDir: string;
  /** What the gateway serves, as far as routing goes. */
  readonly resources: readonly ServedPath[];
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly headBytes: number;
  readonly bodyBytes: number;
  /** This worker's part of what request bodies may hold together. */
  readonly requestBytes: number;
  readonly fanout: FanoutLimits;
  readonly logLevel: LogLevel;
}

/** What comes with the handle of each connection. */
export interface HandedOver {
  /** Counted from 1 for each worker, in the order in which they are sent. */
  readonly connection: number;
}

/** What the hub sends first; it is of the same program. */
export function parseWorkerSettings(message: unknown): WorkerSettings {
  return message as WorkerSettings;
}

/** What it sends from then on. */
export function parseHandedOver(message: unknown): HandedOver {
  return message as HandedOver;
}
