import { countRange, KiB, memoryRange, MiB, type LimitTable } from "./limit.js";

const fewRange = { from: 1, to: 100_000 } as const;
const refused = "The hub refuses requests with 400.";
const full = "The hub refuses streams with 503.";

/** Filters of one stream, and of all streams together. */
export const declaredFilterLimits = {
  filterBytes: {
    from: 16,
    to: 64 * KiB,
    unit: "bytes",
    default: 1 * KiB,
    help: "Length of a filter.",
    above: "The hub refuses the request with 400.",
    why: "A filter can be as long as a topic.",
  },
  filtersPerConnection: {
    from: 1,
    to: 10_000,
    unit: "",
    default: 100,
    help: "Filters of one stream.",
    above: "The hub refuses the request with 400.",
    why: "100 filters of 80 bytes fill half of a request head.",
  },
  filterBytesInAll: {
    ...memoryRange,
    unit: "bytes",
    default: 128 * MiB,
    help: "Memory for the filters of all streams: the text and 300 bytes for each.",
    above: full,
    why: "23 filters of 80 bytes for each of 15,000 streams.",
  },
  filterLevels: {
    ...countRange,
    unit: "",
    default: 250_000,
    help: "Levels of all filters with wildcards; `news/+/sport` has 3.",
    above: "The hub refuses streams that have wildcards, with 503.",
    why: "16 for each of 15,000 streams. About 480 bytes each: 120 MB.",
  },
  filterMixtures: {
    ...fewRange,
    unit: "",
    default: 1000,
    help: "Different sequences of `+` and names that MQTT filters begin with; `a/+` and `b/+` count once.",
    above: refused,
    why: "Each publication looks at one node for each sequence: 0.2 ms in all.",
  },
  filterPercentPerAddress: {
    from: 1,
    to: 100,
    unit: "percent",
    default: 10,
    help: "Share of `filterBytesInAll`, `filterLevels`, `filterMixtures` and the three limits of `patterns` for one client address; local addresses may use all.",
    above: "The hub refuses requests with 429.",
    why: "Local addresses may be a proxy with many clients behind it.",
  },
} as const satisfies LimitTable;

/** URL patterns and URI templates of all streams. The same pattern of several streams counts once. */
export const declaredPatternLimits = {
  withoutPrefix: {
    ...fewRange,
    unit: "",
    default: 1000,
    help: "Patterns that do not begin with literal text.",
    above: refused,
    why: "The hub compares each publication with all of them. On average, a pattern may have three parts that vary.",
  },
  alike: {
    ...fewRange,
    unit: "",
    default: 100,
    help: "Patterns of one kind with the same beginning: the same host and first path segments.",
    above: refused,
    why: "A topic can begin like the patterns of 42 such groups.",
  },
  expressions: {
    ...fewRange,
    unit: "",
    default: 1000,
    help: "URL patterns with a regular expression.",
    above: refused,
    why: "Each may use 8 MB while it is matched.",
  },
} as const satisfies LimitTable;
