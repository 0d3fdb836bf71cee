/** Every counter, with its help text. Names follow Prometheus; all end in `_total`. */
export const counters = {
  publications_total: "publications given a position",
  publications_refused_total: "publications refused, by reason",
  duplicate_ids_total:
    "publications whose own id was already in history, published under their position instead",
  deliveries_total: "publications handed to a connection, counted per connection",
  delivered_bytes_total: "bytes handed to connections",
  rounds_total: "rounds written, by front",
  laggards_total: "connections that left their cohort because they did not drain in time",
  gaps_total: "gap events sent, by reason",
  connections_cut_total: "connections that Pharos closed, by reason",
  requests_total: "requests answered, by front and status",
  second_requests_total: "requests that came on a connection which carries a stream",
  frames_refused_total: "malformed frames from a Mongrel2 server or at a bound ZeroMQ port, by reason",
  fences_late_total: "fences that passed their deadline, by link",
  credits_lost_total: "credits that did not come back in time, by link",
  orphans_freed_total: "streams of an earlier run that were closed so that their clients reconnect, by link",
  history_evicted_total: "publications evicted from history, by limit",
} as const;

/** Every gauge, with its help text. */
export const gauges = {
  connections: "open streams, by front",
  cohorts: "cohorts with at least one connection",
  laggards: "connections that did not drain in time and read from history",
  history_bytes: "bytes held in history",
  history_topics: "topics with a history",
  retained_bytes: "bytes held as retained values",
  pending_bytes: "bytes that wait for a round",
  link_up: "1 while a link can deliver, else 0, by link",
  fence_seconds: "how long the last fence took, by link",
} as const;

export type CounterName = keyof typeof counters;
export type GaugeName = keyof typeof gauges;
export type Labels = Readonly<Record<string, string>>;

/** Where figures go. Counting never throws and never changes control flow. */
export interface Metrics {
  count(name: CounterName, by?: number, labels?: Labels): void;
  gauge(name: GaugeName, value: number, labels?: Labels): void;
}

/** Counts nothing. */
export const silentMetrics: Metrics = Object.freeze({ count: () => undefined, gauge: () => undefined });
