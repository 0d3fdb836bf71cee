/** Every counter, with its help text. Names follow Prometheus; all end in `_total`. */
export const counters = {
  publications_total: "publications given a position",
  publications_refused_total: "publications refused, by reason",
  publishers_refused_total: "ZeroMQ publishers refused at an endpoint with keys, by reason",
  duplicate_ids_total:
    "publications whose own id was already in history, published under their position instead",
  deliveries_total: "publications handed to a connection, counted per connection",
  delivered_bytes_total: "bytes handed to connections",
  rounds_total: "rounds written, by front",
  laggards_total: "connections that left their cohort because they did not drain in time",
  gaps_total: "gap events sent, by reason",
  connections_cut_total: "connections that Pharos closed, by reason",
  requests_total: "requests answered, by front and status",
  requests_refused_total: "requests refused, by reason",
  second_requests_total: "requests that came on a connection which carries a stream",
  frames_refused_total: "malformed frames from a Mongrel2 server or at a bound ZeroMQ port, by reason",
  fences_late_total: "fences that passed their deadline, by link",
  credits_lost_total: "credits that did not come back in time, by link",
  orphans_freed_total: "streams of an earlier run that were closed so that their clients reconnect, by link",
  subscription_events_total: "events that told of the beginning or end of a subscription",
  subscription_events_lost_total:
    "such events that nobody was told of, since there were too many for their watchers",
  workers_lost_total: "worker processes that ended by themselves or were taken for stuck, and were replaced",
  history_evicted_total: "publications evicted from history, by limit",
} as const;

/** Every gauge, with its help text. */
export const gauges = {
  connections: "open streams, by front; polls that wait are the front poll",
  subscriptions: "subscriptions that watchers have been told of; only where they are told",
  filter_bytes: "bytes that the filters of all streams hold",
  filter_levels: "levels of all filters with wildcards",
  filter_mixtures: "ways in which the beginnings of MQTT filters mix + and names",
  patterns:
    "URL patterns and URI templates that are subscribed with, by whether they begin with something literal",
  pattern_expressions: "URL patterns with a regular expression",
  workers: "worker processes that take connections; only where there are to be some",
  cohorts: "cohorts with at least one connection",
  laggards: "connections that did not drain in time and read from history",
  history_bytes: "bytes held in history",
  history_topics: "topics with a history",
  retained_bytes: "bytes held as retained values",
  pending_bytes: "bytes that wait for a round",
  request_body_bytes: "bytes of request bodies that arrive, wait or are worked on",
  oldest_pending_seconds: "how long the oldest publication has waited for a round; 0 when none waits",
  link_up: "1 while a link can deliver, else 0, by link",
  link_state: "1 for the state in which a link is, 0 for the others, by link and state",
  fence_seconds: "how long the last fence took, by link",
  event_loop_delay_seconds:
    "how late the event loop was, by quantile of the last ten seconds; only while the admin address is on",
} as const;

/**
 * Every histogram, with its help text and the upper bounds of its buckets, ascending. Values above the last bound are
 * counted too.
 */
export const histograms = {
  round_bytes: {
    help: "bytes of a round's body, by front",
    // Up to the largest round, each bound four times the last.
    bounds: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576],
  },
  round_publications: {
    help: "publications of a round, by front: load makes rounds larger",
    bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  },
  fence_duration_seconds: {
    help: "how long fences took, by link",
    // 15 ms are usual for 1,000 clients; from 2 s on, a server counts as stuck.
    bounds: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  },
} as const satisfies Readonly<Record<string, HistogramDefinition>>;

export interface HistogramDefinition {
  readonly help: string;
  readonly bounds: readonly number[];
}

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
