import { livePath, readyPath } from "../../protocol.js";
import type { Reply } from "./messages.js";
import { jsonReply } from "./replies.js";

/**
 * What the readiness check tells:
 * - `starting`: the hub does not serve clients yet
 * - `ok`: the hub serves clients
 * - `degraded`: the hub serves clients, but stores no publications, or misses requests
 * - `draining`: the hub still serves clients, but will stop soon
 * - `stopping`: the hub accepts no more clients
 */
export type Readiness = "starting" | "ok" | "degraded" | "draining" | "stopping";

/** The answer to a readiness check. */
export interface ReadinessReport {
  readonly status: Readiness;
  /** What the hub waits for, while it starts. Any machine may read this, so it names no address. */
  readonly reason?: string;
}

/**
 * The status codes. A degraded hub gets clients: its streams stay open, and it serves history. If all hubs share an
 * engine that is gone, a load balancer without a ready hub would answer 503 itself, and browsers would never try again.
 */
const statuses: Readonly<Record<Readiness, number>> = {
  starting: 503,
  ok: 200,
  degraded: 200,
  draining: 503,
  stopping: 503,
};

/** The paths of the probes, and their answers. */
export function probes(readiness: () => ReadinessReport): ReadonlyMap<string, () => Reply> {
  return new Map([
    [livePath, () => jsonReply(200, { status: "ok" })],
    [readyPath, () => readyReply(readiness())],
  ]);
}

function readyReply(report: ReadinessReport): Reply {
  return jsonReply(statuses[report.status], report);
}
