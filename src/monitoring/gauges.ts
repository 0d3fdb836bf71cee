import type { FilterCounts } from "../hub/filters/filter-trie.js";
import type { Hub } from "../hub/hub.js";
import type { Journal } from "../journal/journal.js";
import type { Metrics } from "../base/metrics.js";
import type { LinkState } from "../fronts/mongrel2/link/link.js";

const linkStates: readonly LinkState[] = ["waiting", "up", "stuck", "down"];

/** A front, as far as its streams count. */
export interface StreamCounts {
  /** Open streams. */
  readonly size: number;
  readonly laggards: number;
}

/** The HTTP front, in this process or in workers. */
export interface HttpGauges extends StreamCounts {
  /** Its workers; undefined where there are to be none. */
  readonly workers?: readonly { readonly state: string }[];
}

/** A link's front. */
export interface LinkGauges extends StreamCounts {
  readonly name: string;
  readonly state: LinkState;
}

/** Where the levels of a hub are read. */
export interface GaugeSources {
  readonly hub: Hub;
  readonly journal: Pick<Journal, "bytes" | "topicCount">;
  /** The HTTP front, where there is one. */
  readonly http: HttpGauges | undefined;
  readonly links: readonly LinkGauges[];
  /** Polls that wait. */
  readonly polls: number;
  /** What the bodies of requests hold. */
  readonly bodyBytes: number;
}

/**
 * Sets the gauges that are levels of the moment. They are read when somebody asks, since to follow them with every
 * publication and connection would cost more than they are worth; counting laggards goes through all connections.
 */
export function setGauges(sources: GaugeSources, metrics: Metrics): void {
  const { hub, journal, http, links, polls, bodyBytes } = sources;
  const fronts = http === undefined ? links : [http, ...links];
  if (http !== undefined) metrics.gauge("connections", http.size, { front: "http" });
  if (links.length > 0)
    metrics.gauge("connections", sum(links.map(({ size }) => size)), { front: "mongrel2" });
  metrics.gauge("connections", polls, { front: "poll" });
  const workers = http?.workers;
  if (workers !== undefined) metrics.gauge("workers", workers.filter(({ state }) => state === "up").length);
  metrics.gauge("laggards", sum(fronts.map(({ laggards }) => laggards)));
  metrics.gauge("cohorts", hub.cohortCount);
  gaugeFilters(hub.filterCounts, metrics);
  metrics.gauge("filter_bytes", hub.filterBytes);
  metrics.gauge("request_body_bytes", bodyBytes);
  metrics.gauge("pending_bytes", hub.pendingBytes);
  metrics.gauge("oldest_pending_seconds", hub.oldestPendingMs / 1000);
  metrics.gauge("retained_bytes", hub.retained.bytes);
  metrics.gauge("history_bytes", journal.bytes);
  metrics.gauge("history_topics", journal.topicCount);
  for (const link of links) gaugeState(link, metrics);
}

function gaugeFilters(counts: FilterCounts, metrics: Metrics): void {
  metrics.gauge("filter_levels", counts.levels);
  metrics.gauge("filter_mixtures", counts.mixtures);
  metrics.gauge("patterns", counts.withPrefix, { prefix: "literal" });
  metrics.gauge("patterns", counts.withoutPrefix, { prefix: "none" });
  metrics.gauge("pattern_expressions", counts.expressions);
}

function gaugeState({ name, state }: LinkGauges, metrics: Metrics): void {
  for (const each of linkStates)
    metrics.gauge("link_state", each === state ? 1 : 0, { link: name, state: each });
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
