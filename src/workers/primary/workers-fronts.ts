import { fileURLToPath } from "node:url";
import type { Limits } from "../../config/config.js";
import { fanoutLimits } from "../../limits/fanout.js";
import type { FrontBuilder } from "../../fronts/front.js";
import { mostConnections } from "../../fronts/most-connections.js";
import { WorkersFront } from "./workers-front.js";

/** The program of a worker process, beside the compiled code. */
const compiledWorker = fileURLToPath(new URL("../../cli/worker.js", import.meta.url));

/** The HTTP front in worker processes, if the configuration has an HTTP address and workers. */
export const workersFronts: FrontBuilder = (parts) => {
  const { config, descriptors, gateway, htmlDir } = parts;
  const { http, workers, limits, corsOrigins, trustedProxies, logLevel } = config;
  if (http === "off" || workers === 0) return [];
  return [
    new WorkersFront({
      ...parts,
      ...http,
      workers,
      connectionsPerWorker: Math.min(limits.connectionsPerWorker, descriptors.clientsBelow),
      connections: mostConnections(config),
      entry: parts.workerEntry ?? compiledWorker,
      settings: {
        htmlDir,
        resources: gateway.resources.map(({ path, below, opensStreams }) => ({ path, below, opensStreams })),
        corsOrigins,
        trustedProxies,
        headBytes: limits.headBytes,
        headerLines: limits.headerLines,
        bodyBytes: limits.bodyBytes,
        requestBytes: workerShare(limits, workers),
        fanout: fanoutLimits(config, limits.roundBytes),
        descriptors,
        logLevel,
      },
    }),
  ];
};

/**
 * A worker's memory for request bodies: an equal share, but at least twice the largest body. One client may use half of
 * a worker's memory. With a smaller share, the worker would always refuse the largest body.
 */
export function workerShare(
  { bodyBytes, requestBytes }: Pick<Limits, "bodyBytes" | "requestBytes">,
  workers: number,
): number {
  return Math.max(Math.floor(requestBytes / workers), Math.min(2 * bodyBytes, requestBytes));
}
