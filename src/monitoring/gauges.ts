import { sum } from "../base/sum.js";
import type { Limits } from "../config/config.js";
import { limitValues } from "../config/limit-values.js";
import type { FilterCounts } from "../hub/filters/filter-trie.js";
import type { Hub } from "../hub/hub.js";
import { journalStates } from "../journal/journal.js";
import type { Journal, JournalState, JournalStatus } from "../journal/journal.js";
import type { Metrics } from "../base/metrics.js";
import { linkStates } from "../fronts/front.js";
import type { Front, WorkerStatus } from "../fronts/front.js";

/** What the gateway holds for clients. */
export interface GatewaySizes {
  readonly bodies: { readonly held: number };
  readonly unanswered: number;
  readonly clientAddresses: number;
  readonly revocations: { readonly count: number; readonly bytes: number };
}

/** The settings that gauges show. */
export interface SettingSources {
  readonly version: string;
  readonly limits: Limits;
  /** The descriptors that connections of clients may use. */
  readonly clientDescriptors: number;
}

/** The parts of the hub that {@link setGauges} reads. */
export interface GaugeSources extends SettingSources {
  readonly hub: Hub;
  readonly journal: Pick<Journal, "history" | "status" | "nodes">;
  readonly fronts: readonly Front[];
  /** The number of polls that wait for a publication. */
  readonly polls: number;
  /** The number of subscriptions of this hub's clients; undefined if presence is off. */
  readonly subscriptions: number | undefined;
  readonly gateway: GatewaySizes;
  /** Memory of events that wait for a webhook message, in bytes. */
  readonly webhookBytes: number;
}

/**
 * Sets the gauges. The hub calls this function at each read of the metrics: an update with every publication and
 * connection would cost more. Counting the laggards (slow connections) visits every connection.
 */
export function setGauges(sources: GaugeSources, metrics: Metrics): void {
  const { hub, journal, fronts, polls, subscriptions, gateway } = sources;
  const { history } = journal;
  for (const label of new Set(fronts.map((front) => front.label))) {
    const sizes = fronts.filter((front) => front.label === label).map(({ size }) => size);
    metrics.gauge("connections", sum(sizes), { front: label });
  }
  metrics.gauge("connections", polls, { front: "poll" });
  if (subscriptions !== undefined) metrics.gauge("subscriptions", subscriptions);
  for (const front of fronts) gaugeFront(front, metrics);
  metrics.gauge("laggards", sum(fronts.map(({ laggards }) => laggards)));
  metrics.gauge("cohorts", hub.cohortCount);
  gaugeFilters(hub.filterCounts, metrics);
  metrics.gauge("filter_bytes", hub.filterBytes);
  metrics.gauge("request_body_bytes", gateway.bodies.held + sum(fronts.map((front) => front.bodyBytes)));
  metrics.gauge("unanswered_requests", gateway.unanswered);
  metrics.gauge("client_addresses", gateway.clientAddresses);
  const { count: revocations, bytes: revocationBytes } = gateway.revocations;
  metrics.gauge("revocations", revocations);
  metrics.gauge("revocation_bytes", revocationBytes);
  metrics.gauge("webhook_bytes", sources.webhookBytes);
  metrics.gauge("pending_bytes", hub.pendingBytes);
  metrics.gauge("oldest_pending_seconds", hub.oldestPendingMs / 1000);
  metrics.gauge("retained_bytes", hub.retained.bytes);
  metrics.gauge("history_bytes", history.bytes);
  metrics.gauge("history_topics", history.topicCount);
  metrics.gauge("history_age_seconds", history.ageMs / 1000);
  gaugeJournal(journal.status, metrics);
  metrics.gauge("journal_nodes", journal.nodes?.live.length ?? 0);
  gaugeSettings(sources, metrics);
}

/** Sets the gauges of a hub that waits for its journal, and has no other parts yet. */
export function setStartGauges(sources: SettingSources, metrics: Metrics): void {
  gaugeJournalState("unreachable", metrics);
  gaugeSettings(sources, metrics);
}

function gaugeSettings({ version, limits, clientDescriptors }: SettingSources, metrics: Metrics): void {
  metrics.gauge("build_info", 1, { version, node: process.version });
  metrics.gauge("client_max_fds", clientDescriptors);
  for (const { name, unit, value } of limitValues(limits)) metrics.gauge("limit", value, { name, unit });
}

function gaugeJournal({ state, lagMs, bytes, segments }: JournalStatus, metrics: Metrics): void {
  gaugeJournalState(state, metrics);
  metrics.gauge("journal_lag_seconds", lagMs / 1000);
  metrics.gauge("journal_bytes", bytes);
  metrics.gauge("journal_segments", segments);
}

function gaugeJournalState(state: JournalState, metrics: Metrics): void {
  for (const each of journalStates) metrics.gauge("journal_state", each === state ? 1 : 0, { state: each });
}

function gaugeFilters(counts: FilterCounts, metrics: Metrics): void {
  metrics.gauge("filter_levels", counts.levels);
  metrics.gauge("filter_mixtures", counts.mixtures);
  metrics.gauge("patterns", counts.withPrefix, { prefix: "literal" });
  metrics.gauge("patterns", counts.withoutPrefix, { prefix: "none" });
  metrics.gauge("pattern_expressions", counts.expressions);
}

function gaugeFront({ name, linkState, isShared, workers, held }: Front, metrics: Metrics): void {
  if (workers !== undefined) {
    metrics.gauge("workers", workers.filter(({ state }) => state === "up").length);
    metrics.gauge("workers_configured", workers.length);
    metrics.gauge("worker_requests", held);
    for (const status of workers) gaugeWorker(status, metrics);
  }
  if (linkState === undefined) return;
  metrics.gauge("link_clients", held, { link: name });
  metrics.gauge("link_shared", isShared === true ? 1 : 0, { link: name });
  for (const state of linkStates)
    metrics.gauge("link_state", state === linkState ? 1 : 0, { link: name, state });
}

/** A worker without a process uses nothing. */
function gaugeWorker({ worker, usage }: WorkerStatus, metrics: Metrics): void {
  const labels = { worker: String(worker) };
  metrics.gauge("worker_resident_memory_bytes", usage?.residentBytes ?? 0, labels);
  metrics.gauge("worker_open_fds", usage?.openDescriptors ?? 0, labels);
}
