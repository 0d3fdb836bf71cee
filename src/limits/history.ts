import {
  ageRange,
  countRange,
  defaultsOf,
  memoryRange,
  MiB,
  type LimitTable,
  type LimitValues,
} from "./limit.js";

/** Limits on the history, which the hub stores for clients that reconnect. */
export const declaredHistoryLimits = {
  topicEvents: {
    ...countRange,
    unit: "",
    default: 65_536,
    help: "Publications that the hub stores for each topic.",
    above: "The hub evicts the oldest publications.",
    why: "1.8 hours at 10 publications per second.",
    reload: true,
  },
  topicBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for the history of each topic.",
    above: "The hub evicts the oldest publications.",
    why: "A quarter of the whole history, so that one topic cannot use all the memory.",
    reload: true,
  },
  sharedBytes: {
    ...memoryRange,
    unit: "bytes",
    default: 16 * MiB,
    help: "Memory for all presence events together.",
    above: "The hub evicts the oldest presence events.",
    why: "About 20,000 events of 800 bytes, including the two topics of each event.",
    reload: true,
  },
  ageSeconds: {
    ...ageRange,
    unit: "seconds",
    default: 86_400,
    help: "Time for which the hub stores a publication.",
    above: "The hub evicts the publication.",
    why: "One day, so that a laptop can sleep overnight.",
    reload: true,
  },
  bytes: {
    ...memoryRange,
    unit: "bytes",
    default: 256 * MiB,
    help: "Memory for the whole history.",
    above: "The hub evicts the oldest publications.",
    why: "About 700,000 publications of 200 bytes, with their overhead.",
    reload: true,
  },
  topics: {
    ...countRange,
    unit: "",
    default: 100_000,
    help: "Topics with a history.",
    above: "The hub evicts the history of the topic whose last publication is the oldest.",
    why: "About 500 bytes for each topic that is nearly empty: 50 MB.",
    reload: true,
  },
  ids: {
    ...countRange,
    unit: "",
    default: 100_000,
    help: "Event ids that publishers set and that clients can resume from.",
    above: "The hub forgets the oldest ids.",
    why: "About 200 bytes each: 20 MB. Ids of the largest size, 256 bytes: 40 MB. Ids that several topics have: 25 MB more.",
  },
} as const satisfies LimitTable;

export type HistoryLimits = LimitValues<typeof declaredHistoryLimits>;

export const defaultHistoryLimits: HistoryLimits = defaultsOf(declaredHistoryLimits);

/** Limits on the last value of each topic. New subscribers get this value first. */
export const declaredRetainedLimits = {
  bytes: {
    ...memoryRange,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for all retained values.",
    above: "The hub drops the oldest values.",
    why: "60,000 values of 1 KiB, and a quarter of the memory for history.",
    reload: true,
  },
} as const satisfies LimitTable;

export type RetainedLimits = LimitValues<typeof declaredRetainedLimits>;

export const defaultRetainedLimits: RetainedLimits = defaultsOf(declaredRetainedLimits);
