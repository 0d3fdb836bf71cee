import { healthPath } from "../../protocol.js";
import { jsonReply } from "../../gateway/http/replies.js";
import type { Resource } from "../../gateway/http/resource.js";

/** What the health check tells. */
export type HealthFacts = Readonly<Record<string, unknown>> & {
  /** The state of the journal. In every state but `up`, the hub serves streams but stores no publications. */
  readonly journal: string;
};

/**
 * Serves the health check. The response has the fields of `facts`, and the `status`: `ok`, or `degraded` if the hub
 * stores no publications. The HTTP status is 200 in both cases. Otherwise a load balancer would drop all streams, although
 * the hub still serves them.
 */
export function healthResource(facts: () => HealthFacts): Resource {
  return {
    path: healthPath,
    isUncounted: true,
    methods: { GET: () => jsonReply(200, documentOf(facts())) },
  };
}

function documentOf(facts: HealthFacts): Readonly<Record<string, unknown>> {
  return { status: facts.journal === "up" ? "ok" : "degraded", ...facts };
}
