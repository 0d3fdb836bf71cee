import type { Family, Sample } from "../base/metrics.js";
import type { Front, WorkerStatus } from "../fronts/front.js";
import type { Nodes } from "../journal/nodes.js";
import { nodeRows } from "./node-rows.js";

export interface StatusFacts {
  readonly version: string;
  readonly startedAtMs: number;
  readonly nowMs: number;
  readonly fronts: readonly Front[];
  readonly nodes: Nodes | undefined;
  readonly families: readonly Family[];
}

/**
 * The document of `/stats`. A metric without labels is a number. A metric with labels is a list, and each entry has
 * its labels and its `value`. The names are the names of the metrics.
 */
export function statusDocument(facts: StatusFacts): Readonly<Record<string, unknown>> {
  const { version, startedAtMs, nowMs, fronts, nodes, families } = facts;
  return {
    version,
    startedAt: new Date(startedAtMs).toISOString(),
    uptimeSeconds: Math.round((nowMs - startedAtMs) / 1000),
    links: fronts.flatMap(({ name, linkState, size }) =>
      linkState === undefined ? [] : [{ name, state: linkState, streams: size }],
    ),
    nodes: nodeRows(nodes),
    workers: fronts.flatMap(({ workers = [] }) => workers.map(workerRow)),
    figures: Object.fromEntries(groupByName(families.flatMap(({ samples }) => samples))),
  };
}

/** Without the usage of the process: the metrics have it. */
function workerRow({ worker, state, pid, connections, streams, laggards }: WorkerStatus) {
  return { worker, state, pid, connections, streams, laggards };
}

function groupByName(samples: readonly Sample[]): ReadonlyMap<string, unknown> {
  const figures = new Map<string, unknown[]>();
  for (const { name, labels, value } of samples) {
    const row = Object.keys(labels).length === 0 ? value : { ...labels, value };
    figures.set(name, [...(figures.get(name) ?? []), row]);
  }
  return new Map([...figures].map(([name, rows]) => [name, typeof rows[0] === "number" ? rows[0] : rows]));
}
