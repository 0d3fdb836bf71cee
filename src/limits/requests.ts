import { GiB, KiB, MiB, type LimitTable } from "./limit.js";

/** Limits on the headers and bodies of requests, and on the lines about them. */
export const declaredRequestLimits = {
  headBytes: {
    from: 1 * KiB,
    to: 1 * MiB,
    unit: "bytes",
    default: 16 * KiB,
    help: "Request line and all headers of a request.",
    above: "The hub refuses the request with 431.",
    why: "The limit of Node.js and of the shipped `mongrel2.conf`.",
  },
  headerLines: {
    from: 20,
    to: 10_000,
    unit: "",
    default: 100,
    help: "Header lines of a request. Behind Mongrel2, the limit of 256 header values applies instead.",
    above: "The hub refuses the request with 431.",
    why: "A browser sends 20 lines, and proxies add 20. The limit is more than twice the sum.",
  },
  bodyBytes: {
    from: 0,
    to: 64 * MiB,
    unit: "bytes",
    default: 1 * MiB,
    help: "Body of a request. Behind Mongrel2, the limit also applies to all waiting requests of one connection together.",
    above: "The hub refuses the request with 413.",
    why: "The value of `limits.content_length` in the shipped `mongrel2.conf`.",
  },
  requestBytes: {
    from: 64 * KiB,
    to: 64 * GiB,
    unit: "bytes",
    default: 64 * MiB,
    help: "Memory for the bodies of all requests. One client address may use half of this memory. Each worker gets an equal part, but at least the memory for two of the largest bodies.",
    above: "The hub refuses requests with 503 and `Retry-After`.",
    why: "64 of the largest bodies.",
    reload: true,
  },
  accessLogBytes: {
    from: 64 * KiB,
    to: 1 * GiB,
    unit: "bytes",
    default: 4 * MiB,
    help: "Memory of each process for lines of the access log that are not written yet; only with `--access-log`.",
    above: "The hub drops lines, counts them in `pharos_access_log_dropped_total`, and tells it in its log.",
    why: "10,000 lines of 400 bytes: one second of 10,000 requests.",
  },
} as const satisfies LimitTable;
