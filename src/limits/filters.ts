import { countRange, KiB, memoryRange, MiB, type LimitTable } from "./limit.js";

const fewRange = { from: 1, to: 100_000 } as const;
const refused = "The hub refuses requests with 400.";
const full = "The hub refuses streams with 503.";

/** Limits on the filters of one stream, and on the filters of all streams together. */
export const declaredFilterLimits = {
  filterBytes: {
    from: 16,
    to: 64 * KiB,
    unit: "bytes",
    default: 1 * KiB,
    help: "Length of a filter.",
    above: "The hub refuses the request with 400.",
    why: "A filter can be as long as a topic.",
    reload: true,
  },
  filtersPerConnection: {
    from: 1,
    to: 10_000,
    unit: "",
    default: 100,
    help: "Filters of one stream.",
    above: "The hub refuses the request with 400.",
    why: "100 filters of 80 bytes fill half of `headBytes`.",
    reload: true,
  },
  filterBytesInAll: {
    ...memoryRange,
    unit: "bytes",
    default: 128 * MiB,
    help: "Memory for the filters of all streams: the text and 300 bytes for each filter.",
    above: full,
    why: "23 filters of 80 bytes for each of 15,000 streams.",
    reload: true,
  },
  filterLevels: {
    ...countRange,
    unit: "",
    default: 250_000,
    help: "Levels of all filters with wildcards; `news/+/sport` has 3.",
    above: "The hub refuses streams with wildcards with 503.",
    why: "16 levels for each of 15,000 streams. About 480 bytes for each level: 120 MB.",
    reload: true,
  },
  filterMixtures: {
    ...fewRange,
    unit: "",
    default: 1000,
    help: "Different sequences of names and `+` at the start of MQTT filters. `a/+` and `b/+` are the same sequence, so they count once.",
    above: refused,
    why: "For each publication, the hub visits one node for each sequence: 0.2 ms in all.",
    reload: true,
  },
  filterPercentPerAddress: {
    from: 1,
    to: 100,
    unit: "percent",
    default: 10,
    help: "Share of `filterBytesInAll`, `filterLevels`, `filterMixtures` and the three limits of `patterns` that one client address may use. A local address may use 100%.",
    above: "The hub refuses requests with 429.",
    why: "One client address cannot use up a limit. A local address may be a proxy for many clients.",
    reload: true,
  },
} as const satisfies LimitTable;

/** Limits on the URL patterns and URI templates of all streams. A pattern that several streams use counts once. */
export const declaredPatternLimits = {
  withoutPrefix: {
    ...fewRange,
    unit: "",
    default: 1000,
    help: "Patterns that do not begin with literal text.",
    above: refused,
    why: "The hub compares each publication with all of these patterns. On average, each pattern may have at most three varying parts.",
    reload: true,
  },
  alike: {
    ...fewRange,
    unit: "",
    default: 100,
    help: "Patterns of one kind with the same beginning: the same host and first path segments.",
    above: refused,
    why: "The hub compares a topic with at most 42 such groups of each kind: 8,400 patterns of two kinds.",
    reload: true,
  },
  expressions: {
    ...fewRange,
    unit: "",
    default: 1000,
    help: "URL patterns with a regular expression.",
    above: refused,
    why: "Each regular expression may use 8 MB during a match.",
    reload: true,
  },
} as const satisfies LimitTable;
