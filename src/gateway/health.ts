import { healthPath } from "../protocol.js";
import { jsonReply } from "./replies.js";
import type { Resource } from "./resource.js";

/** Says that the hub is alive, and what `facts` gives. */
export function health(facts: () => Readonly<Record<string, unknown>>): Resource {
  return {
    path: healthPath,
    isUncounted: true,
    methods: { GET: () => jsonReply(200, { status: "ok", ...facts() }) },
  };
}
