import type { LimitTable } from "./limit.js";

const connectionRange = { from: 1, to: 10_000_000 } as const;
const rateRange = { from: 1, to: 1_000_000 } as const;
const refused = "The hub refuses requests with 429.";
const refusedForNow = "The hub refuses requests with 429 and `Retry-After`.";

/** Limits on open connections and on requests per second. */
export const declaredConnectionLimits = {
  connections: {
    ...connectionRange,
    unit: "",
    default: 15_000,
    help: "Open streams.",
    above: "The hub refuses requests with 503.",
    why: "Three quarters of 20,000 file descriptors. The other descriptors are for ZeroMQ sockets, files and short requests.",
    reload: true,
  },
  connectionsPerWorker: {
    from: 1,
    to: 1_000_000,
    unit: "",
    default: 18_000,
    help: "All connections of one worker process, streams included.",
    above: "The worker gets no new connections.",
    why: "Nine tenths of 20,000 file descriptors.",
    reload: true,
  },
  http2Streams: {
    from: 1,
    to: 65_535,
    unit: "",
    default: 256,
    help: "Open requests and streams of one connection with HTTP/2.",
    above: "The hub refuses the request, and the client may send it again (`REFUSED_STREAM`).",
    why: "Browsers keep about 100 requests open on one connection. Each open stream needs about 2 KiB.",
  },
  connectionsPerAddress: {
    ...connectionRange,
    unit: "",
    default: 200,
    help: "Open streams of one client address. The IPv6 addresses of one /64 network count as one address.",
    above: refused,
    why: "100 people behind one router with two pages each.",
    reload: true,
  },
  connectionsPerLocalAddress: {
    ...connectionRange,
    unit: "",
    default: 15_000,
    help: "Open streams of one loopback or private address.",
    above: refused,
    why: "All streams may come through one local proxy.",
    reload: true,
  },
  requestsPerAddress: {
    ...rateRange,
    unit: "",
    default: 100,
    help: "Requests per second of one client address, without requests to publish. A burst may have twice `connectionsPerAddress` requests.",
    above: refusedForNow,
    why: "200 streams that reconnect every 5 s send 40 requests per second.",
    reload: true,
  },
  requestsPerLocalAddress: {
    ...rateRange,
    unit: "",
    default: 10_000,
    help: "Requests per second of one loopback or private address, without requests to publish. A burst may have twice `connectionsPerLocalAddress` requests.",
    above: refusedForNow,
    why: "15,000 streams that reconnect every 5 s send 3,000 requests per second.",
    reload: true,
  },
  publishesPerAddress: {
    ...rateRange,
    unit: "",
    default: 100,
    help: "Requests to publish per second of one client address.",
    above: refusedForNow,
    why: "A hundredth of the tokens that one CPU can verify per second.",
    reload: true,
  },
  publishesPerLocalAddress: {
    ...rateRange,
    unit: "",
    default: 10_000,
    help: "Requests to publish per second of one loopback or private address.",
    above: refusedForNow,
    why: "As many tokens as one CPU can verify per second.",
    reload: true,
  },
} as const satisfies LimitTable;
