import { healthPath } from "../../protocol.js";
import { probes } from "../../gateway/http/probes.js";
import type { ReadinessReport } from "../../gateway/http/probes.js";
import { jsonReply } from "../../gateway/http/replies.js";
import type { Resource } from "../../gateway/http/resource.js";

/** What the health check tells. */
export type HealthFacts = Readonly<Record<string, unknown>> & {
  /** The state of the journal. In every state but `up`, the hub serves streams but stores no publications. */
  readonly journal: string;
  /** The number of Mongrel2 servers whose requests another hub gets, too. @default there are none */
  readonly linksShared?: number;
};

/**
 * Serves the health check. The response has the fields of `facts`, and the `status`: `ok`, or `degraded` if the hub
 * stores no publications, or misses requests. The HTTP status is 200 in both cases. Otherwise a load balancer would drop all streams, although
 * the hub still serves them.
 */
export function healthResource(facts: () => HealthFacts): Resource {
  return {
    path: healthPath,
    isUncounted: true,
    methods: { GET: () => jsonReply(200, documentOf(facts())) },
  };
}

/** Serves the liveness check and the readiness check. */
export function probeResources(readiness: () => ReadinessReport): readonly Resource[] {
  return [...probes(readiness)].map(([path, answer]) => ({
    path,
    isUncounted: true,
    methods: { GET: answer },
  }));
}

function documentOf(facts: HealthFacts): Readonly<Record<string, unknown>> {
  const isWell = facts.journal === "up" && facts.linksShared === undefined;
  return { status: isWell ? "ok" : "degraded", ...facts };
}
