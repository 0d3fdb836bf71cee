import { fileURLToPath } from "node:url";
import type { Clock } from "../base/clock.js";
import type { Config, HttpAddress, Limits } from "../config/config.js";
import type { FanoutLimits } from "../delivery/limits.js";
import { LocalCohorts } from "../delivery/local-cohorts.js";
import { HttpFront } from "../fronts/http/http-front.js";
import type { Gateway } from "../gateway/gateway.js";
import type { Hub } from "../hub/hub.js";
import type { Logger } from "../base/log.js";
import type { Metrics } from "../base/metrics.js";
import { htmlDir } from "./html-dir.js";
import { WorkersFront } from "../workers/primary/workers-front.js";

/** The program of a worker process, beside the compiled code. */
const compiledWorker = fileURLToPath(new URL("../cli/worker.js", import.meta.url));

/** Beside the streams there is room for the page, health checks and clients that are just being refused. */
const otherConnections = 1000;

export interface HttpFrontParts {
  readonly config: Config;
  readonly gateway: Gateway;
  readonly hub: Hub;
  readonly fanout: FanoutLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The program of a worker process. @default the one beside this code */
  readonly workerEntry: string | undefined;
}

type BodyLimits = Pick<Limits, "bodyBytes" | "requestBytes">;

/** The built-in front, in this process or in workers; undefined where there is to be none. */
export function createHttpFront(parts: HttpFrontParts): HttpFront | WorkersFront | undefined {
  const { http, workers, limits } = parts.config;
  if (http === "off") return undefined;
  const connections = limits.connections + otherConnections;
  if (workers > 0) return createWorkersFront(parts, http);
  const { hub } = parts;
  return new HttpFront({
    ...parts,
    listenAt: http,
    cohorts: new LocalCohorts({ name: "http", hub, pageCacheBytes: parts.fanout.pageCacheBytes }),
    htmlDir,
    headBytes: limits.headBytes,
    connections,
  });
}

function createWorkersFront(parts: HttpFrontParts, http: HttpAddress): WorkersFront {
  const { config, gateway, fanout } = parts;
  const { workers, limits, corsOrigins, trustedProxies, logLevel } = config;
  return new WorkersFront({
    ...parts,
    ...http,
    workers,
    connectionsPerWorker: limits.connectionsPerWorker,
    connections: limits.connections + otherConnections,
    entry: parts.workerEntry ?? compiledWorker,
    settings: {
      htmlDir,
      resources: gateway.resources.map(({ path, below, opensStreams }) => ({ path, below, opensStreams })),
      corsOrigins,
      trustedProxies,
      headBytes: limits.headBytes,
      bodyBytes: limits.bodyBytes,
      requestBytes: workerShare(limits, workers),
      fanout,
      logLevel,
    },
  });
}

/**
 * An equal part of what all bodies may hold; room for two of the largest at least, since one client may have half of
 * it, and would with less be refused for ever.
 */
export function workerShare({ bodyBytes, requestBytes }: BodyLimits, workers: number): number {
  return Math.max(Math.floor(requestBytes / workers), Math.min(2 * bodyBytes, requestBytes));
}
