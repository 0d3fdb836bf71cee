import { ageRange, defaultsOf, GiB, MiB, type LimitTable, type LimitValues } from "./limit.js";

/** Limits on a journal that outlives the hub: on disk, or on an engine. */
export const declaredJournalLimits = {
  bytes: {
    from: 64 * MiB,
    to: 16_384 * GiB,
    unit: "bytes",
    default: 1 * GiB,
    help: "Size of the journal on disk, or on the engine.",
    above: "The hub removes the oldest publications.",
    why: "Four million publications of 200 bytes, and four times the history in memory.",
  },
  ageSeconds: {
    ...ageRange,
    unit: "seconds",
    default: 86_400,
    help: "Time for which the journal stores a publication. The history in memory then has no older ones either.",
    above:
      "Clients do not get the publication. The hub removes it from the journal within half of this time.",
    why: "As long as the history in memory.",
  },
  waitingBytes: {
    from: 1 * MiB,
    to: 1 * GiB,
    unit: "bytes",
    default: 16 * MiB,
    help: "Memory for publications that the journal has not stored yet.",
    above: "Publishers wait until memory is free.",
    why: "Four records of the largest size: the disk writes one while the next ones fill.",
  },
  batchBytes: {
    from: 64 * 1024,
    to: 64 * MiB,
    unit: "bytes",
    default: 4 * MiB,
    help: "Size of a record with the publications of several requests.",
    above:
      "The hub puts the next publications into another record. One request is never split, so a record may be larger.",
    why: "13,000 publications of 200 bytes: more than an event loop appends in one turn.",
  },
  appendSeconds: {
    from: 1,
    to: 3600,
    unit: "seconds",
    default: 10,
    help: "Time for which a publishing request waits for the journal.",
    above:
      "The hub answers 503. The publications may be stored all the same; a repeated `Idempotency-Key` tells.",
    why: "Longer than an engine needs to choose a new leader, and shorter than the time limits of HTTP clients.",
  },
} as const satisfies LimitTable;

export type JournalLimits = LimitValues<typeof declaredJournalLimits>;

export const defaultJournalLimits: JournalLimits = defaultsOf(declaredJournalLimits);
