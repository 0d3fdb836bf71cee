/** In front of all names, so that metrics of several programs do not mix in one database. */
export const metricPrefix = "pharos_";

/** A metric for people. */
export interface MetricDefinition {
  /** One sentence about the count or measurement. */
  readonly help: string;
  readonly labels?: readonly string[];
}

export interface HistogramDefinition extends MetricDefinition {
  /** The upper bounds of its buckets, ascending; values above all of them are counted too. */
  readonly bounds: readonly number[];
}

/** Every counter. Names follow Prometheus; all end in `_total`. */
export const counters = {
  publications_total: { help: "Publications that were stored." },
  publications_refused_total: { help: "ZeroMQ publications that were refused.", labels: ["reason"] },
  publishers_refused_total: {
    help: "ZeroMQ publishers that were refused at an endpoint with CURVE keys.",
    labels: ["reason"],
  },
  duplicate_ids_total: {
    help: "Publications whose own event id was in history already; they got the hub's event id instead.",
  },
  deliveries_total: { help: "Publications written to connections, counted for each.", labels: ["front"] },
  delivered_bytes_total: { help: "Bytes written to connections.", labels: ["front"] },
  rounds_total: { help: "Writes to all connections of a cohort.", labels: ["front"] },
  laggards_total: {
    help: "Connections that were too slow for their cohort and continued from history.",
    labels: ["front"],
  },
  gaps_total: { help: "Gap events sent.", labels: ["reason"] },
  connections_cut_total: { help: "Connections that the hub closed.", labels: ["reason"] },
  requests_total: { help: "Requests with a response.", labels: ["front", "status"] },
  requests_refused_total: { help: "Requests that were refused.", labels: ["reason"] },
  second_requests_total: { help: "Further requests on a connection that has a stream." },
  frames_refused_total: {
    help: "Malformed messages on a link to Mongrel2.",
    labels: ["link", "reason"],
  },
  fences_late_total: { help: "Fences, the acknowledgements of Mongrel2, that were late.", labels: ["link"] },
  credits_lost_total: {
    help: "Flow-control credits of Mongrel2 that did not arrive in time.",
    labels: ["link"],
  },
  orphans_freed_total: {
    help: "Streams of an earlier run that were closed so that their clients reconnect.",
    labels: ["link"],
  },
  subscription_events_total: { help: "Presence events about the start or the end of a subscription." },
  subscription_events_lost_total: { help: "Presence events that were dropped because there were too many." },
  workers_lost_total: { help: "Worker processes that crashed or hung and were replaced." },
  history_evicted_total: { help: "Publications evicted from history.", labels: ["limit"] },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Every gauge. */
export const gauges = {
  connections: { help: "Open streams; waiting polls are the front `poll`.", labels: ["front"] },
  subscriptions: { help: "Subscriptions that presence events reported; only with `--subscriptions`." },
  filter_bytes: { help: "Memory for the filters of all streams, in bytes." },
  filter_levels: { help: "Levels of all filters with wildcards." },
  filter_mixtures: { help: "Different sequences of + and names that MQTT filters begin with." },
  patterns: {
    help: "URL patterns and URI templates of all streams, by whether they begin with literal text.",
    labels: ["prefix"],
  },
  pattern_expressions: { help: "URL patterns with a regular expression." },
  workers: { help: "Worker processes that accept connections; only with `--workers`." },
  cohorts: { help: "Cohorts, groups of connections that receive the same bytes." },
  laggards: { help: "Slow connections that read from history at the moment." },
  history_bytes: { help: "Memory for history, in bytes." },
  history_topics: { help: "Topics with a history." },
  retained_bytes: { help: "Memory for retained values, in bytes." },
  pending_bytes: { help: "Memory for publications that wait to be delivered, in bytes." },
  request_body_bytes: { help: "Memory for request bodies, in bytes." },
  oldest_pending_seconds: {
    help: "Age of the oldest publication that waits to be delivered; 0 if none waits.",
  },
  link_up: { help: "1 while a link to Mongrel2 can deliver, else 0.", labels: ["link"] },
  link_state: {
    help: "1 for the present state of a link to Mongrel2, 0 for its other states.",
    labels: ["link", "state"],
  },
  fence_seconds: { help: "Duration of the last fence of a link.", labels: ["link"] },
  event_loop_delay_seconds: {
    help: "Delay of the event loop in the last ten seconds; only with an admin address.",
    labels: ["quantile"],
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** Every histogram. */
export const histograms = {
  round_bytes: {
    help: "Size of a write to a cohort, in bytes.",
    labels: ["front"],
    // Up to the largest round, in steps of four.
    bounds: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576],
  },
  round_publications: {
    help: "Publications in a write to a cohort: more under load.",
    labels: ["front"],
    bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  },
  fence_duration_seconds: {
    help: "Duration of fences: a Mongrel2 with 1,000 clients needs about 15 ms.",
    labels: ["link"],
    // From 2 s on a server counts as stuck.
    bounds: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  },
} as const satisfies Readonly<Record<string, HistogramDefinition>>;

export type CounterName = keyof typeof counters;
export type GaugeName = keyof typeof gauges;
export type HistogramName = keyof typeof histograms;
export type Labels = Readonly<Record<string, string>>;

/** Takes metrics. Counting never throws and never changes control flow. */
export interface Metrics {
  count(name: CounterName, by?: number, labels?: Labels): void;
  gauge(name: GaugeName, value: number, labels?: Labels): void;
  /** Adds one value to a histogram. */
  observe(name: HistogramName, value: number, labels?: Labels): void;
}

/** Ignores all metrics. */
export const silentMetrics: Metrics = Object.freeze({
  count: () => undefined,
  gauge: () => undefined,
  observe: () => undefined,
});

/** One value of a metric. */
export interface Sample {
  /** The family's name; in a histogram followed by `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** All values of one metric. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly samples: readonly Sample[];
}
