import { healthPath } from "../../protocol.js";
import { jsonReply } from "../../gateway/http/replies.js";
import type { Resource } from "../../gateway/http/resource.js";

/** Serves the health check. The response has `status: "ok"` and the fields of `facts`. */
export function healthResource(facts: () => Readonly<Record<string, unknown>>): Resource {
  return {
    path: healthPath,
    isUncounted: true,
    methods: { GET: () => jsonReply(200, { status: "ok", ...facts() }) },
  };
}
