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
import type { ReadinessReport } from "../gateway/http/probes.js";
import type { Front } from "../fronts/front.js";
import { htmlDir } from "./html-dir.js";
import { EventLoopDelay, delaySamples } from "../process/event-loop-delay.js";
import { setStartGauges } from "../monitoring/gauges.js";
import { processMetrics } from "../monitoring/process-metrics.js";
import { startCounters } from "../monitoring/start-counters.js";
import { statusDocument } from "../monitoring/status-document.js";

export interface AdminParts {
  /** The token and the limits may change. */
  readonly config: Pick<Config, "admin" | "adminToken" | "limits">;
  readonly version: string;
  readonly metrics: MetricsRegistry;
  readonly descriptors: DescriptorPlan;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A hub that has all its parts, for the admin address. */
export interface ShownHub {
  /** Sets the gauges to their current values. */
  setGauges(): void;
  readonly fronts: readonly Front[];
  /** As {@link Journal.nodes}. */
  readonly nodes: Nodes | undefined;
  readonly readiness: () => ReadinessReport;
}

/** The open admin address. */
export interface Admin {
  readonly url: string;
  /** Shows this hub. Before this call, the admin address shows a hub that waits for its journal. */
  show(hub: ShownHub): void;
  /** Safe to call twice. */
  close(): Promise<void>;
}

/**
 * Opens the address for metrics and status, if one is configured. The address needs no journal, so it can answer probes
 * while the hub waits for one. If another program uses the port of a configured
 * address, the function throws. If another program uses the default address, the hub only logs a warning, because a
 * second hub on the same machine has the same default.
 *
 * @throws PharosError `unreachable` if a configured address cannot be bound
 */
export async function openAdmin(parts: AdminParts): Promise<Admin | undefined> {
  const { admin } = parts.config;
  if (admin === "off") return undefined;
  const address = new AdminAddress(parts, admin);
  try {
    await address.listen();
    return address;
  } catch (error) {
    await address.close();
    if (!admin.isDefault) throw error;
    parts.logger.warn(
      { address: `${admin.host}:${admin.port}` },
      "no metrics and no status: another program uses the admin address; set another address with --admin, or --admin off",
    );
    return undefined;
  }
}

class AdminAddress implements Admin {
  readonly #parts: AdminParts;
  readonly #startedAtMs: number;
  readonly #delay: EventLoopDelay;
  readonly #server: AdminServer;
  #hub: ShownHub;
  #url = "";

  constructor(parts: AdminParts, { host, port }: Exclude<Config["admin"], "off">) {
    const { config, clock, logger, descriptors } = parts;
    this.#parts = parts;
    this.#startedAtMs = clock.now();
    this.#delay = new EventLoopDelay(parts);
    this.#hub = waitingHub(parts);
    startCounters(parts.metrics, []);
    this.#server = new AdminServer({
      host,
      port,
      connections: descriptors.admin,
      access: new AdminAccess(config),
      readiness: () => this.#hub.readiness(),
      htmlDir,
      metrics: () => [...this.#families().map(withPrefix), ...processMetrics(this.#startedAtMs)],
      stats: () => this.#stats(),
      logger,
    });
  }

  get url(): string {
    return this.#url;
  }

  async listen(): Promise<void> {
    this.#url = await this.#server.listen();
  }

  show(hub: ShownHub): void {
    this.#hub = hub;
    startCounters(this.#parts.metrics, hub.fronts);
  }

  async close(): Promise<void> {
    this.#delay.close();
    await this.#server.close();
  }

  #families(): readonly Family[] {
    this.#hub.setGauges();
    return [...this.#parts.metrics.families(), ...delayMetrics(this.#delay, this.#hub.fronts)];
  }

  #stats(): unknown {
    const { version, clock } = this.#parts;
    const { fronts, nodes } = this.#hub;
    const startedAtMs = this.#startedAtMs;
    const families = [...this.#families(), ...processMetrics(startedAtMs)];
    return statusDocument({ version, startedAtMs, nowMs: clock.now(), fronts, nodes, families });
  }
}

/** A hub that has no parts yet, because it waits for its journal. */
function waitingHub({ config, descriptors, metrics, version }: AdminParts): ShownHub {
  const clientDescriptors = descriptors.clientsBelow;
  return {
    setGauges: () => setStartGauges({ version, limits: config.limits, clientDescriptors }, metrics),
    fronts: [],
    nodes: undefined,
    readiness: () => ({ status: "starting", reason: "the hub waits for its journal" }),
  };
}

function withPrefix({ name, samples, ...rest }: Family): Family {
  const full = samples.map((sample) => ({ ...sample, name: metricPrefix + sample.name }));
  return { ...rest, name: metricPrefix + name, samples: full };
}

function delayMetrics(delay: EventLoopDelay, fronts: readonly Front[]): readonly Family[] {
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
