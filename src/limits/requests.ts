import { GiB, KiB, MiB, type LimitTable } from "./limit.js";

/** Heads and bodies of requests. */
export const declaredRequestLimits = {
  headBytes: {
    from: 1 * KiB,
    to: 1 * MiB,
    unit: "bytes",
    default: 16 * KiB,
    help: "Head of a request: its first line and all headers.",
    above: "The hub refuses the request with 431.",
    why: "The limit of Node.js and of the shipped `mongrel2.conf`.",
  },
  bodyBytes: {
    from: 0,
    to: 64 * MiB,
    unit: "bytes",
    default: 1 * MiB,
    help: "Body of a request; behind Mongrel2 also all requests that wait on one connection.",
    above: "The hub refuses the request with 413.",
    why: "The value of `limits.content_length` in the shipped `mongrel2.conf`.",
  },
  requestBytes: {
    from: 64 * KiB,
    to: 64 * GiB,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for the bodies of all requests. One client address may use half of it; each worker gets an equal part, but at least two of the largest bodies.",
    above: "The hub refuses requests with 503 and `Retry-After`.",
    why: "64 of the largest bodies.",
  },
} as const satisfies LimitTable;
