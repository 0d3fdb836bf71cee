import { gauges } from "../../src/base/metrics.js";
import type { GaugeName } from "../../src/base/metrics.js";

/** The gauges of things that the hub keeps without a client, beside those of the journal. */
const withoutClients: ReadonlySet<string> = new Set<GaugeName>([
  "workers",
  "workers_configured",
  "worker_resident_memory_bytes",
  "worker_open_fds",
  "build_info",
  "limit",
  "client_max_fds",
  "tls_certificate_expiry_timestamp_seconds",
  "history_bytes",
  "history_age_seconds",
  "history_topics",
  "retained_bytes",
  "link_up",
  "link_state",
  "link_shared",
  "fence_seconds",
  // Revocations stay until the end of their tokens.
  "revocations",
  "revocation_bytes",
  // These hubs have no receiver of webhooks. test/webhooks tests it.
  "webhook_bytes",
]);

/**
 * The gauges of everything that the hub holds for clients. Each of them is 0 when all clients have left and everything
 * is delivered. A new gauge belongs to them unless this file says otherwise.
 */
export const heldGauges: readonly string[] = Object.keys(gauges).filter(
  (name) => !withoutClients.has(name) && !name.startsWith("journal_"),
);
