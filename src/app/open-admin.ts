import { AdminAccess } from "../monitoring/admin/access.js";
import { AdminServer } from "../monitoring/admin/admin-server.js";
import type { Clock } from "../base/clock.js";
import type { DescriptorPlan } from "../limits/descriptors.js";
import type { Config } from "../config/config.js";
import type { Logger } from "../base/log.js";
import type { Nodes } from "../journal/nodes.js";
import { metricPrefix, summaries } from "../base/metrics.js";
import type { Family } from "../base/metrics.js";
import type { MetricsRegistry } from "../monitoring/metrics-registry.js";
import type { Readiness } from "../gateway/http/probes.js";
import type { Front } from "../fronts/front.js";
import { htmlDir } from "./html-dir.js";
import { EventLoopDelay, delaySamples } from "../process/event-loop-delay.js";
import { processMetrics } from "../monitoring/process-metrics.js";
import { startCounters } from "../monitoring/start-counters.js";
import { statusDocument } from "../monitoring/status-document.js";

export interface AdminParts {
  /** The token may change. */
  readonly config: Pick<Config, "admin" | "adminToken">;
  readonly version: string;
  /** Returns all metrics, with the current values of the gauges. */
  readonly metrics: () => MetricsRegistry;
  readonly fronts: readonly Front[];
  /** As {@link Journal.nodes}. */
  readonly nodes: Nodes | undefined;
  readonly readiness: () => Readiness;
  readonly descriptors: DescriptorPlan;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The open admin address. */
export interface Admin {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Opens the address for metrics and status, if one is configured. If another program uses the port of a configured
 * address, the function throws. If another program uses the default address, the hub only logs a warning, because a
 * second hub on the same machine has the same default.
 *
 * @throws PharosError `unreachable` if a configured address cannot be bound
 */
export async function openAdmin(parts: AdminParts): Promise<Admin | undefined> {
  const { admin } = parts.config;
  if (admin === "off") return undefined;
  const delay = new EventLoopDelay(parts);
  const server = createServer({ ...parts, delay }, admin);
  try {
    return closable(await server.listen(), server, delay);
  } catch (error) {
    delay.close();
    await server.close();
    if (!admin.isDefault) throw error;
    parts.logger.warn(
      { address: `${admin.host}:${admin.port}` },
      "no metrics and no status: another program uses the admin address; set another address with --admin, or --admin off",
    );
    return undefined;
  }
}

interface ServerParts extends AdminParts {
  readonly delay: EventLoopDelay;
}

function createServer(parts: ServerParts, { host, port }: Exclude<Config["admin"], "off">): AdminServer {
  const { version, clock, logger, descriptors, fronts, nodes } = parts;
  const startedAtMs = clock.now();
  const families = (): readonly Family[] => [...parts.metrics().families(), ...delayMetrics(parts)];
  startCounters(parts.metrics(), fronts);
  return new AdminServer({
    host,
    port,
    connections: descriptors.admin,
    access: new AdminAccess(parts.config),
    readiness: parts.readiness,
    htmlDir,
    metrics: () => [...families().map(withPrefix), ...processMetrics(startedAtMs)],
    stats: () => {
      const all = [...families(), ...processMetrics(startedAtMs)];
      return statusDocument({ version, startedAtMs, nowMs: clock.now(), fronts, nodes, families: all });
    },
    logger,
  });
}

function withPrefix({ name, samples, ...rest }: Family): Family {
  const full = samples.map((sample) => ({ ...sample, name: metricPrefix + sample.name }));
  return { ...rest, name: metricPrefix + name, samples: full };
}

function delayMetrics({ delay, fronts }: ServerParts): readonly Family[] {
  const name = "event_loop_delay_seconds";
  const { help } = summaries[name];
  const ofWorkers = fronts
    .flatMap(({ workers = [] }) => workers)
    .flatMap(({ worker, usage }) =>
      usage === undefined ? [] : delaySamples(usage.delay, { process: `worker-${worker}` }),
    );
  const samples = [...delaySamples(delay.figures, { process: "hub" }), ...ofWorkers];
  return [{ name, type: "summary", help, samples }];
}

function closable(url: string, server: AdminServer, delay: EventLoopDelay): Admin {
  return {
    url,
    close: async () => {
      delay.close();
      await server.close();
    },
  };
}
