import { quantile, query, rate, use, type Row } from "./panel.js";

const delay = "pharos_delivery_delay_seconds";

const overview: Row = {
  title: "Overview",
  panels: [
    {
      title: "Hubs",
      help: "Hubs that answer Prometheus.",
      unit: "short",
      kind: "stat",
      queries: [query("sum(up{@})", "up")],
    },
    {
      title: "Streams",
      help: "Open streams and waiting polls.",
      unit: "short",
      kind: "stat",
      queries: [query("sum(pharos_connections{@})", "streams")],
    },
    {
      title: "Publications",
      help: "Publications a second.",
      unit: "ops",
      kind: "stat",
      queries: [query(`sum(${rate("pharos_publications_total")})`, "publications")],
    },
    {
      title: "Deliveries",
      help: "Publications written to clients a second, counted once for each client.",
      unit: "ops",
      kind: "stat",
      queries: [query(`sum(${rate("pharos_deliveries_total")})`, "deliveries")],
    },
    {
      title: "Delivery delay",
      help: "99% of the deliveries are handed over within this time.",
      unit: "s",
      kind: "stat",
      queries: [query(quantile(0.99, delay), "p99")],
    },
    {
      title: "Slow clients",
      help: "Clients that read slower than the hub publishes.",
      unit: "short",
      kind: "stat",
      queries: [query("sum(pharos_laggards{@})", "slow")],
    },
  ],
};

const delivery: Row = {
  title: "Delivery",
  panels: [
    {
      title: "Delivery delay",
      help: "From the acceptance of a publication until the kernel, or Mongrel2, has it.",
      unit: "s",
      queries: [
        query(quantile(0.5, delay, "front"), "p50 {{front}}"),
        query(quantile(0.99, delay, "front"), "p99 {{front}}"),
      ],
    },
    {
      title: "Deliveries",
      help: "Publications written to clients a second.",
      unit: "ops",
      queries: [query(`sum by (front) (${rate("pharos_deliveries_total")})`, "{{front}}")],
    },
    {
      title: "Bytes to clients",
      help: "Bytes written to clients a second.",
      unit: "Bps",
      queries: [query(`sum by (front) (${rate("pharos_delivered_bytes_total")})`, "{{front}}")],
    },
    {
      title: "Publications in one write",
      help: "The mean. Under load, writes become larger, not more.",
      unit: "short",
      queries: [
        query(
          `sum by (front) (${rate("pharos_round_publications_sum")}) / sum by (front) (${rate("pharos_round_publications_count")})`,
          "{{front}}",
        ),
      ],
    },
    {
      title: "Oldest waiting publication",
      help: "Above 2 s, publishers wait.",
      unit: "s",
      queries: [query("pharos_oldest_pending_seconds{@}", "{{instance}}")],
    },
    {
      title: "Waiting publications",
      help: "Memory for publications that are not delivered yet, and its limit.",
      unit: "bytes",
      queries: [
        query("pharos_pending_bytes{@}", "{{instance}}"),
        query(`max(pharos_limit{@,name="pendingBytes"})`, "limit"),
      ],
    },
  ],
};

const clients: Row = {
  title: "Clients",
  panels: [
    {
      title: "Streams",
      help: "Open streams by front, and the limit of one hub.",
      unit: "short",
      queries: [
        query("sum by (front) (pharos_connections{@})", "{{front}}"),
        query(`max(pharos_limit{@,name="connections"})`, "limit of one hub"),
      ],
    },
    {
      title: "Slow clients",
      help: "Clients that read history because they are too slow, and how many become slow a second.",
      unit: "short",
      queries: [
        query("sum(pharos_laggards{@})", "slow now"),
        query(`sum by (front) (${rate("pharos_laggards_total")})`, "become slow a second, {{front}}"),
      ],
    },
    {
      title: "Closed connections",
      help: "Connections that the hub closed, by reason.",
      unit: "ops",
      queries: [query(`sum by (reason) (${rate("pharos_connections_cut_total")})`, "{{reason}}")],
    },
    {
      title: "Requests",
      help: "Answered requests by status.",
      unit: "ops",
      queries: [query(`sum by (status) (${rate("pharos_requests_total")})`, "{{status}}")],
    },
    {
      title: "Refused requests",
      help: "Refused requests by error code.",
      unit: "ops",
      queries: [query(`sum by (reason) (${rate("pharos_requests_refused_total")})`, "{{reason}}")],
    },
    {
      title: "Gaps",
      help: "Notices to clients that they missed publications. `evicted`: history is too short for them.",
      unit: "ops",
      queries: [query(`sum by (reason) (${rate("pharos_gaps_total")})`, "{{reason}}")],
    },
  ],
};

const storage: Row = {
  title: "Journal and history",
  panels: [
    {
      title: "State of the journal",
      help: "Only `up` is good.",
      unit: "short",
      queries: [query("sum by (state) (pharos_journal_state{@})", "{{state}}")],
    },
    {
      title: "Lag of the journal",
      help: "Age of the oldest publication that is not stored yet. Above 1 s, the disk or NATS is slow.",
      unit: "s",
      queries: [query("pharos_journal_lag_seconds{@}", "{{instance}}")],
    },
    {
      title: "Time to store",
      help: "Time until the journal has stored publications.",
      unit: "s",
      queries: [
        query(quantile(0.5, "pharos_journal_append_duration_seconds"), "p50"),
        query(quantile(0.99, "pharos_journal_append_duration_seconds"), "p99"),
      ],
    },
    {
      title: "Size",
      help: "The journal on disk or NATS, and the part of it in memory.",
      unit: "bytes",
      queries: [
        query("pharos_journal_bytes{@}", "journal {{instance}}"),
        query("pharos_history_bytes{@}", "memory {{instance}}"),
        query("pharos_retained_bytes{@}", "retained values {{instance}}"),
      ],
    },
    {
      title: "Age of history",
      help: "Age of the oldest publication in memory.",
      unit: "s",
      queries: [query("pharos_history_age_seconds{@}", "{{instance}}")],
    },
    {
      title: "Evicted publications",
      help: "Publications that left the history in memory, by limit.",
      unit: "ops",
      queries: [query(`sum by (limit) (${rate("pharos_history_evicted_total")})`, "{{limit}}")],
    },
    {
      title: "Publications",
      help: "Stored and refused publications. The reason of a refusal is an error code.",
      unit: "ops",
      queries: [
        query(`sum(${rate("pharos_publications_total")})`, "stored"),
        query(`sum by (reason) (${rate("pharos_publications_refused_total")})`, "refused: {{reason}}"),
        query(`sum by (reason) (${rate("pharos_publishers_refused_total")})`, "publisher: {{reason}}"),
      ],
    },
    {
      title: "Hubs on the journal",
      help: "Hubs that use the same journal on NATS; 0 without NATS.",
      unit: "short",
      queries: [query("pharos_journal_nodes{@}", "{{instance}}")],
    },
  ],
};

const processes: Row = {
  title: "Processes",
  panels: [
    {
      title: "CPU",
      help: "Cores in use. One process can use about one core.",
      unit: "short",
      queries: [
        query(rate("process_cpu_seconds_total"), "{{instance}}"),
        query(rate("pharos_worker_cpu_seconds_total"), "{{instance}} worker {{worker}}"),
      ],
    },
    {
      title: "Event loop delay",
      help: "The 99th percentile. Above 0.1 s, the CPU is too slow for the load.",
      unit: "s",
      queries: [query(`pharos_event_loop_delay_seconds{@,quantile="0.99"}`, "{{instance}} {{process}}")],
    },
    {
      title: "Memory",
      help: "Resident memory of each process, and the heap of the hub.",
      unit: "bytes",
      queries: [
        query("process_resident_memory_bytes{@}", "{{instance}}"),
        query("pharos_worker_resident_memory_bytes{@}", "{{instance}} worker {{worker}}"),
        query("nodejs_heap_size_used_bytes{@}", "{{instance}} heap"),
        query("nodejs_external_memory_bytes{@}", "{{instance}} outside the heap"),
      ],
    },
    {
      title: "File descriptors",
      help: "Open descriptors, and those that clients may use.",
      unit: "short",
      queries: [
        query("process_open_fds{@}", "{{instance}}"),
        query("pharos_worker_open_fds{@}", "{{instance}} worker {{worker}}"),
        query("min(pharos_client_max_fds{@})", "for clients"),
      ],
    },
    {
      title: "Uptime",
      help: "Time since the start of each hub.",
      unit: "s",
      queries: [query("time() - process_start_time_seconds{@}", "{{instance}}")],
    },
    {
      title: "Workers",
      help: "Workers that accept connections, those that are configured, and those that ended.",
      unit: "short",
      queries: [
        query("sum(pharos_workers{@})", "up"),
        query("sum(pharos_workers_configured{@})", "configured"),
        query("sum(increase(pharos_workers_lost_total{@}[1h]))", "ended in an hour"),
      ],
    },
  ],
};

const limits: Row = {
  title: "Limits",
  panels: [
    {
      title: "Limits in use",
      help: "The hub that uses most of each limit. At 1, the hub refuses or evicts something.",
      unit: "percentunit",
      kind: "bargauge",
      queries: [
        query(use("sum by (job, instance) (pharos_connections{@})", "connections"), "streams"),
        query(use("pharos_history_bytes{@}", "history.bytes"), "history"),
        query(use("pharos_history_topics{@}", "history.topics"), "topics"),
        query(use("pharos_retained_bytes{@}", "retained.bytes"), "retained values"),
        query(use("pharos_journal_bytes{@}", "journal.bytes"), "journal"),
        query(use("pharos_pending_bytes{@}", "pendingBytes"), "waiting publications"),
        query(use("pharos_request_body_bytes{@}", "requestBytes"), "request bodies"),
        query(use("pharos_filter_bytes{@}", "filterBytesInAll"), "filters"),
        query("max(process_open_fds{@} / pharos_client_max_fds{@})", "file descriptors"),
      ],
    },
    {
      title: "Requests without an answer",
      help: "Requests that wait, such as long polls, and client addresses that count against a limit.",
      unit: "short",
      queries: [
        query("sum(pharos_unanswered_requests{@})", "requests"),
        query("sum(pharos_client_addresses{@})", "addresses"),
      ],
    },
  ],
};

const mongrel2: Row = {
  title: "Mongrel2",
  panels: [
    {
      title: "Links",
      help: "1: the Mongrel2 server is connected and accepts messages.",
      unit: "short",
      queries: [query("pharos_link_up{@}", "{{instance}} {{link}}")],
    },
    {
      title: "Clients of links",
      help: "Clients with a stream or a request without an answer.",
      unit: "short",
      queries: [query("pharos_link_clients{@}", "{{instance}} {{link}}")],
    },
    {
      title: "Time for one round of writes",
      help: "Time until Mongrel2 acknowledges messages. After 2 s, the server counts as stuck.",
      unit: "s",
      queries: [
        query(quantile(0.99, "pharos_fence_duration_seconds", "link"), "p99 {{link}}"),
        query(`sum by (link) (${rate("pharos_fences_late_total")})`, "late a second {{link}}"),
      ],
    },
  ],
};

/** The rows of the dashboard, in order. */
export const rows: readonly Row[] = [overview, delivery, clients, storage, processes, limits, mongrel2];
