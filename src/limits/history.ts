import {
  ageRange,
  countRange,
  defaultsOf,
  memoryRange,
  MiB,
  type LimitTable,
  type LimitValues,
} from "./limit.js";

/** The history that is kept for clients that reconnect. */
export const declaredHistoryLimits = {
  topicEvents: {
    ...countRange,
    unit: "",
    default: 65_536,
    help: "Publications kept for each topic.",
    above: "The oldest are evicted.",
    why: "1.8 hours at 10 publications per second.",
  },
  topicBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for the history of each topic.",
    above: "The oldest are evicted.",
    why: "A quarter of the whole history, so that one topic cannot use all of it.",
  },
  sharedBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 16 * MiB,
    help: "Memory for all presence events together.",
    above: "The oldest are evicted.",
    why: "About 20,000 events of 800 bytes, their two topics included.",
  },
  ageSeconds: {
    ...ageRange,
    unit: "seconds",
    default: 86_400,
    help: "Time that the hub stores a publication.",
    above: "The publication is evicted.",
    why: "A day, so that a laptop can sleep overnight.",
  },
  bytes: {
    ...memoryRange,
    unit: "bytes",
    default: 256 * MiB,
    help: "Memory for the whole history.",
    above: "The oldest are evicted.",
    why: "About 700,000 publications of 200 bytes, with their overhead.",
  },
  topics: {
    ...countRange,
    unit: "",
    default: 100_000,
    help: "Topics with a history.",
    above: "The topic with the oldest last publication loses its history.",
    why: "About 500 bytes for each topic that is nearly empty: 50 MB.",
  },
  ids: {
    ...countRange,
    unit: "",
    default: 100_000,
    help: "Event ids set by publishers that clients can resume from.",
    above: "The hub forgets the oldest.",
    why: "About 200 bytes each: 20 MB. Ids of the largest size, 256 bytes: 40 MB.",
  },
} as const satisfies LimitTable;

export type HistoryLimits = LimitValues<typeof declaredHistoryLimits>;

export const defaultHistoryLimits: HistoryLimits = defaultsOf(declaredHistoryLimits);

/** The last value of each topic, which new subscribers get first. */
export const declaredRetainedLimits = {
  bytes: {
    ...memoryRange,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for all retained values.",
    above: "The hub drops the oldest values.",
    why: "60,000 values of 1 KiB; a quarter of history.",
  },
} as const satisfies LimitTable;
