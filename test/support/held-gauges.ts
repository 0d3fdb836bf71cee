import { gauges } from "../../src/base/metrics.js";
import type { GaugeName } from "../../src/base/metrics.js";

/** The gauges of things that the hub keeps without a client, beside those of the journal. */
const withoutClients: ReadonlySet<string> = new Set<GaugeName>([
  "workers",
  "history_bytes",
  "history_topics",
  "retained_bytes",
  "link_up",
  "link_state",
  "link_shared",
  "fence_seconds",
  "event_loop_delay_seconds",
]);

/**
 * The gauges of everything that the hub holds for clients. Each of them is 0 when all clients have left and everything
 * is delivered. A new gauge belongs to them unless this file says otherwise.
 */
export const heldGauges: readonly string[] = Object.keys(gauges).filter(
  (name) => !withoutClients.has(name) && !name.startsWith("journal_"),
);
