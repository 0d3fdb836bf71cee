import { fileURLToPath } from "node:url";
import type { Limits } from "../../config/config.js";
import { fanoutLimits } from "../../limits/fanout.js";
import type { FrontBuilder } from "../../fronts/front.js";
import { listenersOf } from "../../fronts/listen/listener.js";
import { mostConnections } from "../../fronts/most-connections.js";
import { WorkersFront } from "./workers-front.js";

/** The program of a worker process, beside the compiled code. */
const compiledWorker = fileURLToPath(new URL("../../cli/worker.js", import.meta.url));

/** The HTTP front in worker processes, if the configuration has an HTTP address and workers. */
export const workersFronts: FrontBuilder = (parts) => {
  const { config, descriptors, gateway, htmlDir } = parts;
  const { workers, proxyProtocol } = config.current;
  const listeners = listenersOf(config.current);
  if (listeners.length === 0 || workers === 0) return [];
  const fanout = config.derive((settings) => fanoutLimits(settings, settings.limits.roundBytes));
  return [
    new WorkersFront({
      ...parts,
      listeners,
      workers,
      limits: config.derive((settings) => ({
        connectionsPerWorker: Math.min(settings.limits.connectionsPerWorker, descriptors.clientsBelow),
        connections: mostConnections(settings),
      })),
      entry: parts.workerEntry ?? compiledWorker,
      fanout,
      settings: config.derive(({ limits, ...settings }) => ({
        htmlDir,
        resources: gateway.resources.map(({ path, below, opensStreams }) => ({ path, below, opensStreams })),
        corsOrigins: settings.corsOrigins,
        trustedProxies: settings.trustedProxies,
        proxyProtocol,
        hstsSeconds: settings.hsts,
        http2Streams: settings.http2 ? limits.http2Streams : 0,
        publicUrl: settings.publicUrl,
        headBytes: limits.headBytes,
        headerLines: limits.headerLines,
        bodyBytes: limits.bodyBytes,
        requestBytes: workerShare(limits, workers),
        fanout: { ...fanout },
        descriptors,
        logLevel: settings.logLevel,
        accessLog: settings.accessLog,
        limits: { accessLogBytes: limits.accessLogBytes },
        isMeasured: settings.admin !== "off",
      })),
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
