import { countRange, GiB, KiB, memoryRange, MiB, type LimitTable, type NumberSetting } from "./limit.js";

/** Rounds, the writes that deliver publications to all connections of a cohort. */
export const declaredDeliveryLimits = {
  pendingBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for publications that wait to be delivered.",
    above: "Publishers wait.",
    why: "256 full rounds; at 32 MB/s, the 2 seconds until a server counts as stuck.",
  },
  roundBytes: {
    from: 4 * KiB,
    to: 64 * MiB,
    unit: "bytes",
    default: 256 * KiB,
    help: "One write to a client of the HTTP front, or one page of history.",
    above: "The rest goes into the next write.",
    why: "One write in 250 ms is 1 MiB per second for each client.",
  },
  mongrel2RoundBytes: {
    from: 4 * KiB,
    to: 64 * KiB,
    unit: "bytes",
    default: 64 * KiB,
    help: "One write to a client behind Mongrel2.",
    above: "The rest goes into the next write.",
    why: "Mongrel2 closes a client with more than 100 KiB unwritten.",
  },
  mongrel2WindowBytes: {
    from: 1 * MiB,
    to: 4 * GiB,
    unit: "bytes",
    default: 64 * MiB,
    help: "Bytes times clients that are on their way to one Mongrel2, which copies them.",
    above: "Further writes wait.",
    why: "64 KiB to 1,000 clients. With a round of 256 KiB to 10,000 clients, Mongrel2 used 3.2 GB.",
  },
  roundWaitMs: {
    from: 10,
    to: 60_000,
    unit: "ms",
    default: 250,
    help: "Time that a write waits for the slowest client of its cohort.",
    above: "The client continues alone and reads from history.",
    why: "A slow client delays the others of its cohort by no more than this.",
  },
  stallSeconds: {
    from: 1,
    to: 86_400,
    unit: "seconds",
    default: 60,
    help: "The longest time that a client accepts no bytes.",
    above: "Its connection is closed.",
    why: "Several retries of TCP.",
  },
} as const satisfies LimitTable;

/** Presence: events and lists of who is subscribed to what. */
export const declaredPresenceLimits = {
  subscriptionDeliveries: {
    ...countRange,
    unit: "",
    default: 100_000,
    help: "Deliveries of presence events per second.",
    above: "Events wait; after 2 seconds their subscribers get a gap instead.",
    why: "30 MB at 300 bytes each: for instance 100 changes to 1,000 subscribers.",
  },
  subscriptionListBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 8 * MiB,
    help: "One response that lists subscriptions.",
    above: "The hub refuses the request with 503.",
    why: "27,000 subscriptions of 300 bytes, which take 40 ms.",
  },
} as const satisfies LimitTable;

/** Seconds between two keep-alive messages to Mongrel2, whose reaper closes a quiet connection after two minutes. */
export const keepAliveSeconds: NumberSetting = { default: 15, from: 0, to: 3600 };

/** Milliseconds until a client reconnects. Less would load the hub, more would keep a client away for over an hour. */
export const retryMs: NumberSetting = { default: 5000, from: 100, to: 3_600_000 };

/**
 * Connections that one message to Mongrel2 may name: `limits.handler_targets` there, 128 unless set. With one more it
 * drops the whole message and its handler task sleeps 100 ms. Raising it made 10,000 clients slower, not faster.
 */
export const targetCount: NumberSetting = { default: 128, from: 1, to: 128 };
