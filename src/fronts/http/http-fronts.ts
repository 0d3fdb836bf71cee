import { LocalCohorts } from "../../delivery/local-cohorts.js";
import { fanoutLimits } from "../../limits/fanout.js";
import type { FrontBuilder } from "../front.js";
import { mostConnections } from "../most-connections.js";
import { HttpFront } from "./http-front.js";

/** The HTTP front in this process, if the configuration has an HTTP address and no workers. */
export const httpFronts: FrontBuilder = (parts) => {
  const { config, hub } = parts;
  if (config.http === "off" || config.workers > 0) return [];
  const fanout = fanoutLimits(config, config.limits.roundBytes);
  return [
    new HttpFront({
      ...parts,
      fanout,
      listenAt: config.http,
      cohorts: new LocalCohorts({ name: "http", hub, pageCacheBytes: fanout.pageCacheBytes }),
      headBytes: config.limits.headBytes,
      headerLines: config.limits.headerLines,
      connections: mostConnections(config),
    }),
  ];
};
