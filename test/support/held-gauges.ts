import { gauges } from "../../src/base/metrics.js";
import type { GaugeName } from "../../src/base/metrics.js";

/** The gauges of things that the hub keeps without a client. */
const withoutClients: ReadonlySet<string> = new Set<GaugeName>([
  "workers",
  "history_bytes",
  "history_topics",
  "retained_bytes",
  "journal_state",
  "journal_lag_seconds",
  "journal_bytes",
  "journal_segments",
  "link_up",
  "link_state",
  "fence_seconds",
  "event_loop_delay_seconds",
]);

/**
 * The gauges of everything that the hub holds for clients. Each of them is 0 when all clients have left and everything
 * is delivered. A new gauge belongs to them unless this file says otherwise.
 */
export const heldGauges: readonly string[] = Object.keys(gauges).filter((name) => !withoutClients.has(name));
