import { cutReasons } from "./reasons/cut-reasons.js";

/** The prefix of all metric names. In a shared database, the prefix identifies the metrics of Pharos. */
export const metricPrefix = "pharos_";

/** The description of a metric. */
export interface MetricDefinition {
  /** One or two sentences about the count or measurement. */
  readonly help: string;
  readonly labels?: readonly string[];
}

export interface CounterDefinition extends MetricDefinition {
  /** All values of the only label, each with its meaning. Absent if the values are not known in advance. */
  readonly values?: Readonly<Record<string, string>>;
}

export interface SummaryDefinition extends MetricDefinition {
  /** The quantiles from 0 to 1; 1 is the largest value. */
  readonly quantiles: readonly number[];
}

export interface HistogramDefinition extends MetricDefinition {
  /** The upper bounds of the buckets, ascending. The histogram also counts values above the last bound. */
  readonly bounds: readonly number[];
}

/** All counters. The names follow the conventions of Prometheus and end in `_total`. */
export const counters = {
  publications_total: { help: "Publications that the hub stored." },
  publications_refused_total: {
    help: "ZeroMQ publications that the hub refused. The reason is an error code.",
    labels: ["reason"],
  },
  publishers_refused_total: {
    help: "ZeroMQ publishers that the hub refused.",
    labels: ["reason"],
    values: {
      descriptors: "Too few file descriptors are free. The publisher connects again.",
      handshake: "The publisher does not use CURVE, or its handshake failed.",
      key: "The hub does not know the publisher's CURVE key.",
    },
  },
  duplicate_ids_total: {
    help: "Publications whose event id was already in history. The hub assigned other event ids to these publications.",
  },
  deliveries_total: {
    help: "Publications written to connections, counted once for each connection.",
    labels: ["front"],
  },
  delivered_bytes_total: { help: "Bytes written to connections.", labels: ["front"] },
  rounds_total: {
    help: "Writes to a cohort, a group of connections that receive the same bytes.",
    labels: ["front"],
  },
  laggards_total: {
    help: "Connections that were too slow for their cohort and continued from history.",
    labels: ["front"],
  },
  gaps_total: {
    help: "Gap events that the hub sent: each reports missed publications.",
    labels: ["reason"],
    values: {
      "unknown-id": "The client's event id is not in history.",
      "other-epoch": "The client's event id is from another run of the hub.",
      evicted: "The hub had evicted publications that the client missed.",
      deleted: "Publishers had deleted publications that the client missed.",
      "too-many-changes": "The hub dropped presence events.",
    },
  },
  connections_cut_total: {
    help: "Connections that the hub closed.",
    labels: ["reason"],
    values: cutReasons,
  },
  requests_total: { help: "Requests that the hub answered.", labels: ["front", "status"] },
  requests_refused_total: {
    help: "Requests that the hub refused. The reason is an error code.",
    labels: ["reason"],
  },
  access_log_dropped_total: {
    help: "Lines of the access log that were dropped: the output was too slow, or they could not be written.",
    labels: ["reason"],
  },
  webhooks_total: {
    help: "Attempts to deliver a webhook message; only with `--webhook`.",
    labels: ["result"],
    values: {
      delivered: "The receiver has the message.",
      refused: "The receiver answered with a status other than 200 to 299. The hub tries again.",
      failed: "The receiver could not be reached, or did not answer in time. The hub tries again.",
    },
  },
  webhook_events_dropped_total: {
    help: "Begins and ends of streams that the receiver of webhooks did not get. The next message has their number.",
    labels: ["reason"],
    values: {
      full: "`limits.webhookBytes` was reached.",
      failed: "All attempts to deliver their message failed.",
      stopped: "The hub stopped before the receiver had them.",
    },
  },
  deletions_total: {
    help: "Requests that deleted publications, or a retained value.",
    labels: ["what"],
    values: {
      event: "One publication.",
      topic: "All publications of a topic, and its retained value.",
    },
  },
  revocations_total: {
    help: "Requests to this hub that revoked tokens.",
    labels: ["by"],
    values: { token: "One token, by its `jti`.", subject: "The tokens of a subject." },
  },
  second_requests_total: { help: "Requests on a connection that already has a stream." },
  frames_refused_total: {
    help: "Messages on a link to Mongrel2 that the hub refused: `malformed`, or `held-full` if there was no memory for them.",
    labels: ["link", "reason"],
  },
  fences_late_total: {
    help: "Fences that Mongrel2 acknowledged late. A fence is a message whose acknowledgement confirms all messages before it.",
    labels: ["link"],
  },
  credits_lost_total: {
    help: "Flow-control credits of Mongrel2 that did not arrive in time.",
    labels: ["link"],
  },
  orphans_freed_total: {
    help: "Streams of an earlier run that the hub closed, so that their clients reconnect.",
    labels: ["link"],
  },
  subscription_events_total: { help: "Presence events about the start or the end of a subscription." },
  subscription_events_lost_total: {
    help: "Presence events that the hub dropped because there were too many.",
  },
  worker_cpu_seconds_total: {
    help: "CPU time of the worker processes, in seconds; only with `--workers`.",
    labels: ["worker"],
  },
  workers_lost_total: {
    help: "Worker processes that crashed or hung. The hub replaced each of these processes.",
  },
  journal_failures_total: {
    help: "Times at which the journal has stopped storing publications. The hub tries again until the journal is `up`.",
  },
  journal_foreign_messages_total: {
    help: "Messages in the journal that are not from Pharos. All hubs skip them. A start counts them again.",
  },
  tls_handshakes_total: { help: "TLS handshakes that succeeded.", labels: ["protocol"] },
  tls_handshakes_failed_total: {
    help: "TLS handshakes that failed.",
    labels: ["reason"],
    values: {
      timeout: "The client was too slow.",
      left: "The client ended the connection.",
      http: "The client speaks plain HTTP.",
      protocol: "The client and the hub have no version, cipher or application protocol in common.",
      certificate: "The client does not accept the certificate.",
      other: "The client does not speak TLS, or breaks its rules.",
    },
  },
  history_evicted_total: {
    help: "Publications that the hub evicted from the history of a topic.",
    labels: ["limit"],
    values: {
      age: "The publication was older than `limits.history.ageSeconds`.",
      deleted: "A publisher deleted the publication.",
      ttl: "The time to live of the publication ended.",
      bytes: "The whole history was larger than `limits.history.bytes`.",
      told: "The hub evicted the history of presence after a loss of presence events.",
      topic: "The topic had more than `limits.history.topicEvents` or `limits.history.topicBytes`.",
      topics: "There were more than `limits.history.topics` topics.",
    },
  },
} as const satisfies Readonly<Record<string, CounterDefinition>>;

/** All gauges. */
export const gauges = {
  connections: {
    help: "Open streams. A long poll that waits for an event counts as a stream of the front `poll`.",
    labels: ["front"],
  },
  subscriptions: {
    help: "Subscriptions of this hub's clients that presence events reported; only with `--subscriptions`.",
  },
  filter_bytes: { help: "Memory for the filters of all streams, in bytes." },
  filter_levels: { help: "Levels of all filters with wildcards." },
  filter_mixtures: { help: "Different sequences of names and + at the start of MQTT filters." },
  patterns: {
    help: "URL patterns and URI templates of all streams. The label says whether a pattern begins with literal text.",
    labels: ["prefix"],
  },
  pattern_expressions: { help: "URL patterns with a regular expression." },
  workers: { help: "Worker processes that accept connections; only with `--workers`." },
  workers_configured: { help: "The number of `--workers`; only with `--workers`." },
  worker_resident_memory_bytes: {
    help: "Resident memory of a worker process, in bytes; only with `--workers`.",
    labels: ["worker"],
  },
  worker_open_fds: {
    help: "Open file descriptors of a worker process; only with `--workers`, and only on Linux.",
    labels: ["worker"],
  },
  worker_requests: {
    help: "Streams, and requests and messages without an answer, in worker processes; only with `--workers`.",
  },
  cohorts: { help: "Cohorts, groups of connections that receive the same bytes." },
  laggards: { help: "Slow connections that currently read from history." },
  history_bytes: { help: "Memory for history, in bytes." },
  history_topics: { help: "Topics with a history." },
  history_age_seconds: {
    help: "Age of the oldest publication in the memory for history; 0 if history is empty.",
  },
  retained_bytes: { help: "Memory for retained values, in bytes." },
  pending_bytes: { help: "Memory for publications that the hub has not delivered yet, in bytes." },
  request_body_bytes: { help: "Memory for request bodies, in bytes." },
  revocations: { help: "Entries in the list of revoked tokens, which all hubs of a journal share." },
  revocation_bytes: { help: "Memory for the list of revoked tokens, in bytes." },
  webhook_bytes: { help: "Memory for events that wait for a webhook message, in bytes." },
  unanswered_requests: { help: "Requests that the hub has not answered yet, such as long polls." },
  client_addresses: { help: "Client addresses with a connection, a stream or a long poll." },
  oldest_pending_seconds: {
    help: "Age of the oldest publication that the hub has not delivered yet; 0 if there is none.",
  },
  journal_state: {
    help: "1 for the current state of the journal, 0 for its other states.",
    labels: ["state"],
  },
  journal_lag_seconds: {
    help: "Age of the oldest publication that the journal has not stored yet, or the time for which the hub may lack publications of other hubs, if that is more.",
  },
  journal_nodes: { help: "Hubs that use the same journal on NATS, with this one; 0 without NATS." },
  journal_bytes: { help: "Size of the journal on disk or on the engine, in bytes; 0 in memory." },
  journal_segments: { help: "Files, or parts, of the journal on disk or on the engine; 0 in memory." },
  link_up: { help: "1 while a link to Mongrel2 can deliver, else 0.", labels: ["link"] },
  link_clients: {
    help: "Clients of a Mongrel2 server with a stream or a request without an answer.",
    labels: ["link"],
  },
  link_shared: {
    help: "1 while another hub uses the same Handler of Mongrel2 and gets a part of the requests, else 0.",
    labels: ["link"],
  },
  link_state: {
    help: "1 for the current state of a link to Mongrel2, 0 for its other states.",
    labels: ["link", "state"],
  },
  fence_seconds: {
    help: "Time until Mongrel2 acknowledged the last fence of a link, in seconds.",
    labels: ["link"],
  },
  tls_certificate_expiry_timestamp_seconds: {
    help: "Time at which a TLS certificate expires, in seconds since 1970. The label is the file of the certificate.",
    labels: ["certificate"],
  },
  build_info: {
    help: "Always 1. The labels are the version of Pharos and the version of Node.js.",
    labels: ["version", "node"],
  },
  limit: {
    help: "The value of each limit in the settings. Times are in seconds, percentages are ratios.",
    labels: ["name", "unit"],
  },
  client_max_fds: {
    help: "File descriptors of one process that connections of clients may use. The others are for publishers, workers and files.",
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

/** All summaries: quantiles of the last seconds, and the sum and count since the start. */
export const summaries = {
  event_loop_delay_seconds: {
    help: "Delay of the event loop: the time by which a timer is late, because the process is busy. The processes are `hub` and `worker-1`, `worker-2` and so on. Quantiles of the last ten seconds; 1 is the longest delay.",
    labels: ["process"],
    quantiles: [0.5, 0.99, 1],
  },
} as const satisfies Readonly<Record<string, SummaryDefinition>>;

/** All histograms. */
export const histograms = {
  round_bytes: {
    help: "Size of a write to a cohort, in bytes.",
    labels: ["front"],
    // Each bound is four times the previous bound, up to the size of the largest round.
    bounds: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576],
  },
  round_publications: {
    help: "Publications in a write to a cohort. The number rises under load.",
    labels: ["front"],
    bounds: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
  },
  delivery_delay_seconds: {
    help: "Time from the acceptance of a publication until the kernel, or Mongrel2, has the write that delivers it. Each write counts once for each of its connections, with its oldest publication. Pages of history do not count.",
    labels: ["front"],
    // An idle hub needs about 1 ms. A write waits at most 0.25 s for the slowest client of the write before it. With the
    // default limits, publishers have to wait before the delay is 2 s.
    bounds: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10],
  },
  journal_append_duration_seconds: {
    help: "Time until the journal has stored publications and the hub has applied them, in seconds.",
    // A disk of its own needs 1 to 5 ms.
    bounds: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  },
  journal_record_bytes: {
    help: "Size of a record of the journal: what the hub publishes in one turn of its event loop, in bytes.",
    bounds: [256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 4_194_304],
  },
  fence_duration_seconds: {
    help: "Time until Mongrel2 acknowledges a fence, in seconds. A server with 1,000 clients needs about 15 ms.",
    labels: ["link"],
    // A server counts as stuck after 2 s.
    bounds: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
  },
} as const satisfies Readonly<Record<string, HistogramDefinition>>;

export type CounterName = keyof typeof counters;
export type GaugeName = keyof typeof gauges;
export type HistogramName = keyof typeof histograms;
export type SummaryName = keyof typeof summaries;
export type Labels = Readonly<Record<string, string>>;

/** The labels of a counter. If the declaration lists the values of the label, only these values are allowed. */
export type LabelsOf<Name extends CounterName> = Name extends CounterName
  ? (typeof counters)[Name] extends {
      readonly labels: readonly [infer Label extends string];
      readonly values: infer Values;
    }
    ? Readonly<Record<Label, keyof Values & string>>
    : Labels
  : never;

/** Why the hub closes a connection. */
export type CutReason = LabelsOf<"connections_cut_total">["reason"];

/** The limit because of which the hub evicts a publication. */
export type EvictionLimit = LabelsOf<"history_evicted_total">["limit"];

/** The values of a histogram: how many are in each bucket, and their sum. The last bucket has all larger values. */
export interface BucketCounts {
  readonly counts: readonly number[];
  readonly sum: number;
}

/** A value that a histogram counts several times. */
export interface Repeated {
  readonly value: number;
  readonly times: number;
}

/** Records metrics. Counting never throws and never changes control flow. */
export interface Metrics {
  count<Name extends CounterName>(name: Name, by?: number, labels?: LabelsOf<Name>): void;
  gauge(name: GaugeName, value: number, labels?: Labels): void;
  /** Adds a value to a histogram, once or several times. The cost does not grow with the times. */
  observe(name: HistogramName, value: number | Repeated, labels?: Labels): void;
  /** Adds the values of a histogram of another process. */
  merge(name: HistogramName, counts: BucketCounts, labels?: Labels): void;
}

/** Ignores all metrics. */
export const silentMetrics: Metrics = Object.freeze({
  count: () => undefined,
  gauge: () => undefined,
  observe: () => undefined,
  merge: () => undefined,
});

/** One value of a metric. */
export interface Sample {
  /** The name of the metric; in a histogram followed by `_bucket`, `_sum` or `_count`. */
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** All values of one metric. */
export interface Family {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  readonly help: string;
  readonly samples: readonly Sample[];
}
