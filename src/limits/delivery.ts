import { countRange, GiB, KiB, memoryRange, MiB, type LimitTable, type NumberSetting } from "./limit.js";

/**
 * Limits on rounds. A round is one write that delivers publications to all connections of a cohort. The connections of
 * a cohort receive the same bytes.
 */
export const declaredDeliveryLimits = {
  pendingBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for publications that the hub has not delivered yet.",
    above: "Publishers wait until memory is free.",
    why: "256 writes of the largest size. At 32 MB/s, 64 MiB is 2 seconds of data. After 2 seconds, a Mongrel2 server counts as stuck.",
    reload: true,
  },
  roundBytes: {
    from: 4 * KiB,
    to: 64 * MiB,
    unit: "bytes",
    default: 256 * KiB,
    help: "Size of one write to a client of the HTTP front, or of one page of history.",
    above: "The hub sends the rest in the next write.",
    why: "One write every 250 ms is 1 MiB per second for each client.",
    reload: true,
  },
  mongrel2RoundBytes: {
    from: 4 * KiB,
    to: 64 * KiB,
    unit: "bytes",
    default: 64 * KiB,
    help: "Size of one write to a client behind Mongrel2.",
    above: "The hub sends the rest in the next write.",
    why: "Mongrel2 closes a connection with more than 100 KiB of unwritten data.",
  },
  mongrel2WindowBytes: {
    from: 1 * MiB,
    to: 4 * GiB,
    unit: "bytes",
    default: 64 * MiB,
    help: "Bytes that the hub has sent to one Mongrel2 server and that the server has not acknowledged. A write to 100 clients counts 100 times, because Mongrel2 copies the bytes for each client.",
    above: "Further writes to this server wait.",
    why: "One write of 64 KiB to 1,000 clients. With a write of 256 KiB to 10,000 clients, Mongrel2 used 3.2 GB.",
  },
  roundWaitMs: {
    from: 10,
    to: 60_000,
    unit: "ms",
    default: 250,
    help: "Time that a write waits for the slowest client of its cohort (clients that receive the same bytes).",
    above: "The client leaves the cohort and reads from history.",
    why: "A slow client delays the other clients of its cohort by at most this time.",
    reload: true,
  },
  stallSeconds: {
    from: 1,
    to: 86_400,
    unit: "seconds",
    default: 60,
    help: "Longest time during which a client may accept or acknowledge no bytes.",
    above: "The hub closes the connection, up to 20 seconds later if the client has vanished.",
    why: "Time for several retries of TCP.",
    reload: true,
  },
} as const satisfies LimitTable;

/** Limits on presence events and on lists of subscriptions. */
export const declaredPresenceLimits = {
  subscriptionDeliveries: {
    ...countRange,
    unit: "",
    default: 100_000,
    help: "Deliveries of presence events per second.",
    above: "The hub delays presence events. After 2 seconds, their subscribers get a gap event instead.",
    why: "30 MB per second at 300 bytes for each delivery: for instance 100 presence events to 1,000 subscribers each.",
    reload: true,
  },
  subscriptionBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 256 * MiB,
    help: "Memory for the list of active subscriptions; with a common journal, those of all hubs.",
    above: "The hub refuses new streams and filters with 503.",
    why: "Twice 220,000 subscriptions of 600 bytes: five hubs with 15,000 streams of three filters each. The subscriptions of a hub that has ended stay listed for up to 30 seconds, while its clients are at other hubs already.",
    reload: true,
  },
  subscriptionListBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 8 * MiB,
    help: "Size of one response that lists subscriptions.",
    above: "The hub refuses the request with 503.",
    why: "27,000 subscriptions of 300 bytes. The hub needs 40 ms for such a response.",
    reload: true,
  },
} as const satisfies LimitTable;

/**
 * Seconds between two keep-alive messages to Mongrel2. Mongrel2's reaper closes a quiet connection after two minutes.
 */
export const keepAliveSeconds: NumberSetting = { default: 15, from: 0, to: 3600 };

/**
 * Milliseconds until a client reconnects. Shorter delays overload the hub. With longer delays, a client stays away for
 * over an hour.
 */
export const retryMs: NumberSetting = { default: 5000, from: 100, to: 3_600_000 };

/**
 * Connections that one message to Mongrel2 may name. Mongrel2's limit is `limits.handler_targets`, 128 by default. If a
 * message names more connections, Mongrel2 drops the message and pauses its handler task for 100 ms. A higher limit
 * made 10,000 clients slower, not faster.
 */
export const targetCount: NumberSetting = { default: 128, from: 1, to: 128 };
