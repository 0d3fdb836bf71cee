import { hosts, type HostName } from "./hosts.js";
import { requestBytes } from "./http-text.js";

/**
 * A front under test: Pharos's own HTTP server ("http"), or a real Mongrel2. Mongrel2 has its default settings
 * ("stock") or the settings that Pharos ships ("shipped").
 */
export type FrontName = "http" | HostName | "mongrel2-stock" | "mongrel2-shipped";

/** True if a hub of its own process or of a host's process holds the connections of clients. */
export function holdsConnections(front: FrontName): front is "http" | HostName {
  return front === "http" || isHost(front);
}

/** True if the hub is in a server of another program. */
export function isHost(front: FrontName): front is HostName {
  return hosts.some((each) => each === front);
}

/** One value for each server. In a host, the hub behaves as with its own server, unless the host has a value. */
type EachFront<Value> = Readonly<Record<Exclude<FrontName, HostName>, Value>> &
  Readonly<Partial<Record<HostName, Value>>>;

export function valueFor<Value>(front: FrontName, values: EachFront<Value>): Value {
  if (!isHost(front)) return values[front];
  return values[front] ?? values.http;
}

/** The response to a request that the fronts answer differently. */
export type ContractAnswer =
  /** The stream opens. */
  | { readonly kind: "stream" }
  /** Pharos sends an error response with problem details. */
  | { readonly kind: "problem"; readonly status: number; readonly closes: boolean }
  /** The server sends an error response itself, before Pharos receives the request. */
  | { readonly kind: "server"; readonly status: number; readonly closes: boolean }
  /** The server closes the connection without a response. */
  | { readonly kind: "closed" };

export interface RequestDifference {
  readonly name: string;
  readonly request: string;
  readonly answers: EachFront<ContractAnswer>;
}

const stream: ContractAnswer = { kind: "stream" };
const problem = (status: number): ContractAnswer => ({ kind: "problem", status, closes: false });
const problemAndClose = (status: number): ContractAnswer => ({ kind: "problem", status, closes: true });
const server = (status: number): ContractAnswer => ({ kind: "server", status, closes: true });
const closed: ContractAnswer = { kind: "closed" };
/** Mongrel2's 404 says `Connection: close`, but the connection stays open. */
const serverNotFound: ContractAnswer = { kind: "server", status: 404, closes: false };

/**
 * The answer in each host, if it is not that of the hub's own server. The parser of Node's server refuses what is
 * malformed before any program gets the request, and knows neither problem details nor the hub.
 */
const inHosts = (answer: ContractAnswer): Readonly<Record<HostName, ContractAnswer>> => ({
  node: answer,
  express: answer,
  fastify: answer,
  middleware: answer,
});

const get = requestBytes({});
const post = (headers: Readonly<Record<string, string>>, body: string): string =>
  requestBytes({ method: "POST", headers, body });

/** All requests that the fronts answer differently, with the reasons. docs/operating/mongrel2.md has the same list. */
export const requestDifferences: readonly RequestDifference[] = [
  {
    // Mongrel2's limits.buffer_size is 4 KiB in a stock server, and 16 KiB as shipped.
    name: "a head of 8 KB",
    request: requestBytes({ headers: { "X-Padding": "a".repeat(8000) } }),
    answers: { http: stream, "mongrel2-stock": server(400), "mongrel2-shipped": stream },
  },
  {
    // Every front refuses a request head of more than 16 KiB. Mongrel2 has no status 431.
    name: "a head of 17 KB",
    request: requestBytes({ headers: { "X-Padding": "a".repeat(17_000) } }),
    answers: {
      ...inHosts(server(431)),
      http: problemAndClose(431),
      "mongrel2-stock": server(400),
      "mongrel2-shipped": server(400),
    },
  },
  {
    // Mongrel2's limits.content_length is 20 KiB in a stock server. The path accepts no POST requests, whatever their
    // size.
    name: "a body of 30 KB",
    request: post({ "Content-Length": "30000" }, "b".repeat(30_000)),
    answers: { http: problem(405), "mongrel2-stock": server(413), "mongrel2-shipped": problem(405) },
  },
  {
    // Mongrel2 checks the size for every method. The HTTP front discards the body of a GET.
    name: "a body of 30 KB with GET",
    request: requestBytes({ headers: { "Content-Length": "30000" }, body: "b".repeat(30_000) }),
    answers: { http: stream, "mongrel2-stock": server(413), "mongrel2-shipped": stream },
  },
  {
    // Both fronts ship with a limit of 1 MiB, and check the announced length. If a client continues to write, the front
    // resets the connection, and the client may never read the reason. The shipped Mongrel2 configuration avoids the
    // status 413, because with each 413 Mongrel2 also closes the connection of another client.
    name: "a body of 2 MB",
    request: post({ "Content-Length": "2000000" }, "b".repeat(1000)),
    answers: { http: problemAndClose(413), "mongrel2-stock": server(413), "mongrel2-shipped": closed },
  },
  {
    // Mongrel2 treats the whole URL as a path, and has no route for this path.
    name: "a whole URL as the target",
    request: requestBytes({ path: "http://localhost/esupdates" }),
    answers: { http: stream, "mongrel2-stock": serverNotFound, "mongrel2-shipped": serverNotFound },
  },
  {
    // Mongrel2 would store a chunked body in a file, but the configuration forbids such files.
    name: "a chunked body",
    request: post({ "Transfer-Encoding": "chunked" }, "5\r\nhello\r\n0\r\n\r\n"),
    answers: { http: problem(405), "mongrel2-stock": server(413), "mongrel2-shipped": closed },
  },
  {
    // With these headers, a client could make Pharos read any file. The HTTP front ignores these headers, because this
    // front has no uploads.
    name: "headers that announce a spooled upload",
    request: post(
      { "X-Mongrel2-Upload-Start": "/tmp/x", "X-Mongrel2-Upload-Done": "/tmp/x", "Content-Length": "1" },
      "a",
    ),
    answers: {
      http: problem(405),
      "mongrel2-stock": problemAndClose(413),
      "mongrel2-shipped": problemAndClose(413),
    },
  },
  {
    // Mongrel2 accepts any word as a method. Node has a fixed list.
    name: "a method that does not exist",
    request: requestBytes({ method: "BREW" }),
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": problem(405),
      "mongrel2-shipped": problem(405),
    },
  },
  {
    // Mongrel2 uses the method JSON for its own notices. Pharos recognises a notice only by the path @*, so a client
    // cannot forge a notice.
    name: "the method JSON",
    request: requestBytes({ method: "JSON" }),
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": problem(405),
      "mongrel2-shipped": problem(405),
    },
  },
  {
    // Mongrel2 reads an invalid number as 0.
    name: "a Content-Length that is no number",
    request: post({ "Content-Length": "x" }, ""),
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": problem(405),
      "mongrel2-shipped": problem(405),
    },
  },
  {
    // Mongrel2 uses its default host. HTTP/1.1 requires a 400 [RFC 9112 3.2].
    name: "an HTTP/1.1 request without Host",
    request: "GET /esupdates HTTP/1.1\r\n\r\n",
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": stream,
      "mongrel2-shipped": stream,
    },
  },
  {
    // Mongrel2 answers such a request itself.
    name: "an expectation that nobody knows",
    request: requestBytes({ headers: { Expect: "x" } }),
    answers: {
      ...inHosts({ kind: "server", status: 417, closes: false }),
      http: problemAndClose(417),
      "mongrel2-stock": server(417),
      "mongrel2-shipped": server(417),
    },
  },
  {
    name: "lines that end with LF alone",
    request: get.replaceAll("\r\n", "\n"),
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": stream,
      "mongrel2-shipped": stream,
    },
  },
  {
    name: "what is no HTTP at all",
    request: "nonsense\r\n\r\n",
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": server(400),
      "mongrel2-shipped": server(400),
    },
  },
  {
    name: "a header without a colon",
    request: "GET /esupdates HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n",
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": server(400),
      "mongrel2-shipped": server(400),
    },
  },
  {
    name: "a NUL in a header",
    request: requestBytes({ headers: { "X-Nul": "a\0b" } }),
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": server(400),
      "mongrel2-shipped": server(400),
    },
  },
  {
    name: "both a length and chunks",
    request: post({ "Content-Length": "5", "Transfer-Encoding": "chunked" }, "5\r\nhello\r\n0\r\n\r\n"),
    answers: {
      ...inHosts(server(400)),
      http: problemAndClose(400),
      "mongrel2-stock": server(400),
      "mongrel2-shipped": server(400),
    },
  },
  {
    // Mongrel2 checks the syntax of percent escapes itself. On both fronts, invalid UTF-8 in percent escapes reaches
    // Pharos.
    name: "a malformed percent escape",
    request: requestBytes({ path: "/esupdates?topic=%zz" }),
    answers: { http: problem(400), "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    // The setting request.relaxed, shipped as 1, allows braces.
    name: "raw braces in the query",
    request: requestBytes({ path: "/esupdates?topic={a}" }),
    answers: { http: stream, "mongrel2-stock": server(400), "mongrel2-shipped": stream },
  },
  {
    name: "raw brackets and bars in the query",
    request: requestBytes({ path: "/esupdates?topic=[a]|b" }),
    answers: { http: stream, "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    // Mongrel2 routes by prefix, and answers all other paths itself.
    name: "a path that is nothing",
    request: requestBytes({ path: "/nothing" }),
    answers: { http: problem(404), "mongrel2-stock": serverNotFound, "mongrel2-shipped": serverNotFound },
  },
  {
    name: "an encoded letter in the path",
    request: requestBytes({ path: "/%65supdates" }),
    answers: { http: problem(404), "mongrel2-stock": serverNotFound, "mongrel2-shipped": serverNotFound },
  },
];

/**
 * Whether a client stays connected ("kept") if it stops reading for a while. A stock Mongrel2 has no flow control for
 * single clients.
 */
export const slowReader: EachFront<"kept" | "closed"> = {
  http: "kept",
  "mongrel2-stock": "closed",
  "mongrel2-shipped": "kept",
};

/**
 * The answers that a client gets which ends its side after its requests. Mongrel2 closes the connection at once. So does
 * Node's server, but what the hub has answered before stays. Only a setting that Node does not document changes this.
 */
export const answersEndedSides: EachFront<"all" | "those in time" | "none"> = {
  http: "all",
  node: "those in time",
  express: "those in time",
  fastify: "those in time",
  middleware: "those in time",
  "mongrel2-stock": "none",
  "mongrel2-shipped": "none",
};

/**
 * The result if a client sends invalid bytes on a connection that carries a stream. Mongrel2 and Fastify write an error
 * response (400) into the stream.
 */
export const bytesBehindStream: EachFront<"closed" | "400 and closed"> = {
  http: "closed",
  fastify: "400 and closed",
  "mongrel2-stock": "400 and closed",
  "mongrel2-shipped": "400 and closed",
};

/**
 * The response to a request in many pieces. A slow network splits any large request head like this. A stock Mongrel2
 * refuses the request at the fourth piece, because limits.client_read_retries is 5. The shipped limit is 64.
 */
export const requestInManyPieces: EachFront<200 | 400> = {
  http: 200,
  "mongrel2-stock": 400,
  "mongrel2-shipped": 200,
};
