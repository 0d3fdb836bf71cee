import type { Logger } from "../base/log.js";
import type { Config } from "../config/config.js";
import { mostConnections } from "../fronts/most-connections.js";
import type { DescriptorPlan } from "../limits/descriptors.js";
import { openDescriptors } from "../process/process-descriptors.js";

/**
 * Compares the file descriptors with the limits of connections, and logs a warning if the descriptors are fewer. Call
 * this function when all listeners are open: then the rest of the descriptors is for clients.
 */
export function warnOfFewDescriptors(config: Config, plan: DescriptorPlan, logger: Logger): void {
  if (config.http.length + config.https.length === 0) return;
  const setting = mostConnections(config);
  // The hub's own process passes the connections to its workers. A worker has fewer own descriptors than the hub.
  const processes = Math.max(1, config.workers);
  const clients = processes * Math.max(0, plan.clientsBelow - (openDescriptors() ?? 0));
  if (clients >= setting) return;
  logger.warn(
    { limit: plan.limit, clients, connections: setting },
    "the limit of open files allows fewer connections than limits.connections; raise it (ulimit -n, LimitNOFILE)",
  );
}
