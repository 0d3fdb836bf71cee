import {
  ageRange,
  countRange,
  defaultsOf,
  KiB,
  memoryRange,
  MiB,
  type LimitTable,
  type LimitValues,
} from "./limit.js";

/** The `ttl` of a publication, in seconds: from the period at which the hub looks for expired ones, to a year. */
export const ttlSeconds = { from: 1, to: 31_536_000 } as const;

const lengthRange = { from: 16, to: 64 * KiB } as const;

/** Limits on the parts of one publication. */
export const declaredPublicationLimits = {
  topicBytes: {
    ...lengthRange,
    unit: "bytes",
    default: 1 * KiB,
    help: "Length of a topic.",
    above: "The hub refuses the publication with 413.",
    why: "16 filters of this length fit into `headBytes`.",
    reload: true,
  },
  topicsPerPublication: {
    from: 1,
    to: 10_000,
    unit: "",
    default: 100,
    help: "Topics of one publication.",
    above: "The hub refuses the publication with 413.",
    why: "The hub stores the publication in the history of each topic.",
    reload: true,
  },
  idBytes: {
    ...lengthRange,
    unit: "bytes",
    default: 256,
    help: "Length of an event id, and of an `Idempotency-Key`.",
    above: "The hub refuses the publication with 413.",
    why: "Clients send the last event id back in a header of each request.",
    reload: true,
  },
  typeBytes: {
    ...lengthRange,
    unit: "bytes",
    default: 256,
    help: "Length of an event type.",
    above: "The hub refuses the publication with 413.",
    why: "An event type is a short name in the code of a client.",
    reload: true,
  },
  dataBytes: {
    from: 1,
    to: 64 * MiB,
    unit: "bytes",
    default: 1 * MiB,
    help: "Data of one publication.",
    above: "The hub refuses the publication with 413.",
    why: "64 publications of this size fill `pendingBytes`.",
  },
} as const satisfies LimitTable;

/** The limits of one publication. */
export type PublicationLimits = LimitValues<typeof declaredPublicationLimits>;

export const defaultPublicationLimits: PublicationLimits = defaultsOf(declaredPublicationLimits);

/** Limits on requests with many publications. */
export const declaredPublishLimits = {
  publicationsPerRequest: {
    from: 1,
    to: 100_000,
    unit: "",
    default: 1000,
    help: "Publications in one request.",
    above: "The hub refuses the request with 413.",
    why: "The ids of 1,000 publications are 20 KB of the response.",
    reload: true,
  },
  linesPerRequest: {
    ...countRange,
    unit: "",
    default: 10_000,
    help: "Lines in one request, blank lines included.",
    above: "The hub refuses the request with 413.",
    why: "Ten lines for each publication. The hub needs 100 ms to read a million blank lines.",
    reload: true,
  },
} as const satisfies LimitTable;

/** Limits on the responses that the hub remembers by their `Idempotency-Key`. */
export const declaredIdempotencyLimits = {
  answers: {
    from: 0,
    to: 10_000_000,
    unit: "",
    default: 20_000,
    help: "Responses that the hub remembers.",
    above: "The hub forgets the oldest responses.",
    why: "About 500 bytes for a response to one publication: 10 MB.",
  },
  bytes: {
    ...memoryRange,
    unit: "bytes",
    default: 16 * MiB,
    help: "Memory for all remembered responses.",
    above: "The hub forgets the oldest responses.",
    why: "The response to 1,000 publications is 50 KB long: memory for about 330 such responses.",
  },
  ageSeconds: {
    ...ageRange,
    unit: "seconds",
    default: 3600,
    help: "Time for which the hub remembers a response.",
    above: "The hub forgets the response.",
    why: "No publisher retries for longer than an hour.",
  },
} as const satisfies LimitTable;

/** The limits of the responses that the hub remembers. */
export type IdempotencyLimits = LimitValues<typeof declaredIdempotencyLimits>;

export const defaultIdempotencyLimits: IdempotencyLimits = defaultsOf(declaredIdempotencyLimits);
