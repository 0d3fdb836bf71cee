import { LocalCohorts } from "../../../delivery/local-cohorts.js";
import { fanoutLimits } from "../../../limits/fanout.js";
import type { FrontBuilder } from "../../front.js";
import { mostConnections } from "../../most-connections.js";
import { listenersOf } from "../../listen/listener.js";
import { ListeningFront } from "./listening-front.js";

/** The HTTP front in this process, if the configuration has an HTTP address and no workers. */
export const httpFronts: FrontBuilder = (parts) => {
  const { config, hub } = parts;
  const { workers, limits, proxyProtocol, hsts, publicUrl, http2 } = config.current;
  const listeners = listenersOf(config.current);
  if (listeners.length === 0 || workers > 0) return [];
  const fanout = config.derive((settings) => fanoutLimits(settings, settings.limits.roundBytes));
  return [
    new ListeningFront({
      ...parts,
      fanout,
      listeners,
      proxyProtocol,
      hstsSeconds: hsts,
      http2Streams: http2 ? limits.http2Streams : 0,
      settings: config.derive(({ trustedProxies }) => ({ trustedProxies })),
      publicUrl,
      cohorts: new LocalCohorts({ name: "http", hub, pageCacheBytes: fanout.pageCacheBytes }),
      headBytes: limits.headBytes,
      headerLines: limits.headerLines,
      limits: config.derive((settings) => ({ connections: mostConnections(settings) })),
    }),
  ];
};
