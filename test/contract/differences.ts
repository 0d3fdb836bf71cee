import { requestBytes } from "./http-text.js";

/** A front under test: Pharos's own server, and a real Mongrel2 with its own settings or those that Pharos ships. */
export type FrontName = "http" | "mongrel2-stock" | "mongrel2-shipped";

/** How a request is answered where the fronts differ. */
export type ContractAnswer =
  /** The stream opens. */
  | { readonly kind: "stream" }
  /** Pharos refuses with problem details. */
  | { readonly kind: "problem"; readonly status: number; readonly closes: boolean }
  /** The server refuses before Pharos hears of it, in its own words. */
  | { readonly kind: "server"; readonly status: number; readonly closes: boolean }
  /** The server closes the connection without a word. */
  | { readonly kind: "closed" };

export interface RequestDifference {
  readonly name: string;
  readonly request: string;
  readonly answers: Readonly<Record<FrontName, ContractAnswer>>;
}

const stream: ContractAnswer = { kind: "stream" };
const problem = (status: number): ContractAnswer => ({ kind: "problem", status, closes: false });
const problemAndClose = (status: number): ContractAnswer => ({ kind: "problem", status, closes: true });
const server = (status: number): ContractAnswer => ({ kind: "server", status, closes: true });
const closed: ContractAnswer = { kind: "closed" };
/** Mongrel2's 404 says that it closes, and does not. */
const serverNotFound: ContractAnswer = { kind: "server", status: 404, closes: false };

const get = requestBytes({});
const post = (headers: Readonly<Record<string, string>>, body: string): string =>
  requestBytes({ method: "POST", headers, body });

/** Every request that the fronts answer differently, and why. docs/operating/mongrel2.md lists the same. */
export const requestDifferences: readonly RequestDifference[] = [
  {
    // Mongrel2's limits.buffer_size: 4 KiB in a stock server, 16 KiB as shipped.
    name: "a head of 8 KB",
    request: requestBytes({ headers: { "X-Padding": "a".repeat(8000) } }),
    answers: { http: stream, "mongrel2-stock": server(400), "mongrel2-shipped": stream },
  },
  {
    // Over 16 KiB nobody takes it; Mongrel2 has no 431.
    name: "a head of 17 KB",
    request: requestBytes({ headers: { "X-Padding": "a".repeat(17_000) } }),
    answers: { http: problemAndClose(431), "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    // limits.content_length of Mongrel2: 20 KiB in a stock server. The path takes no POST, whatever its body.
    name: "a body of 30 KB",
    request: post({ "Content-Length": "30000" }, "b".repeat(30_000)),
    answers: { http: problem(405), "mongrel2-stock": server(413), "mongrel2-shipped": problem(405) },
  },
  {
    // Mongrel2 looks at the size whatever the method; the HTTP front reads no body of a GET and throws it away.
    name: "a body of 30 KB with GET",
    request: requestBytes({ headers: { "Content-Length": "30000" }, body: "b".repeat(30_000) }),
    answers: { http: stream, "mongrel2-stock": server(413), "mongrel2-shipped": stream },
  },
  {
    // Over the limit of 1 MiB that both fronts have as they are shipped. All three refuse what is announced; whoever
    // went on writing would find the connection reset, and might never read why. The shipped configuration keeps
    // Mongrel2 from saying 413, with which it closes another client's connection.
    name: "a body of 2 MB",
    request: post({ "Content-Length": "2000000" }, "b".repeat(1000)),
    answers: { http: problemAndClose(413), "mongrel2-stock": server(413), "mongrel2-shipped": closed },
  },
  {
    // Mongrel2 takes the whole URL for a path, for which it has no route.
    name: "a whole URL as the target",
    request: requestBytes({ path: "http://localhost/esupdates" }),
    answers: { http: stream, "mongrel2-stock": serverNotFound, "mongrel2-shipped": serverNotFound },
  },
  {
    // Mongrel2 would spool it to a file and is not allowed to.
    name: "a chunked body",
    request: post({ "Transfer-Encoding": "chunked" }, "5\r\nhello\r\n0\r\n\r\n"),
    answers: { http: problem(405), "mongrel2-stock": server(413), "mongrel2-shipped": closed },
  },
  {
    // A client can send these headers to point at any file; the HTTP front knows no uploads and ignores them.
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
    // Mongrel2 takes any word for a method; Node knows a list.
    name: "a method that does not exist",
    request: requestBytes({ method: "BREW" }),
    answers: { http: problemAndClose(400), "mongrel2-stock": problem(405), "mongrel2-shipped": problem(405) },
  },
  {
    // A client can name a method as Mongrel2 names its own notices: only the path @* makes one.
    name: "the method JSON",
    request: requestBytes({ method: "JSON" }),
    answers: { http: problemAndClose(400), "mongrel2-stock": problem(405), "mongrel2-shipped": problem(405) },
  },
  {
    // Mongrel2 reads what is not a number as 0.
    name: "a Content-Length that is no number",
    request: post({ "Content-Length": "x" }, ""),
    answers: { http: problemAndClose(400), "mongrel2-stock": problem(405), "mongrel2-shipped": problem(405) },
  },
  {
    // Mongrel2 takes its default host; HTTP/1.1 asks for 400 [RFC 9112 3.2], which Node gives itself.
    name: "an HTTP/1.1 request without Host",
    request: "GET /esupdates HTTP/1.1\r\n\r\n",
    answers: { http: server(400), "mongrel2-stock": stream, "mongrel2-shipped": stream },
  },
  {
    name: "lines that end with LF alone",
    request: get.replaceAll("\r\n", "\n"),
    answers: { http: problemAndClose(400), "mongrel2-stock": stream, "mongrel2-shipped": stream },
  },
  {
    name: "what is no HTTP at all",
    request: "nonsense\r\n\r\n",
    answers: { http: problemAndClose(400), "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    name: "a header without a colon",
    request: "GET /esupdates HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n",
    answers: { http: problemAndClose(400), "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    name: "a NUL in a header",
    request: requestBytes({ headers: { "X-Nul": "a\0b" } }),
    answers: { http: problemAndClose(400), "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    name: "both a length and chunks",
    request: post({ "Content-Length": "5", "Transfer-Encoding": "chunked" }, "5\r\nhello\r\n0\r\n\r\n"),
    answers: { http: problemAndClose(400), "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    // Mongrel2 checks the form of percent escapes itself; invalid UTF-8 in them reaches Pharos on both.
    name: "a malformed percent escape",
    request: requestBytes({ path: "/esupdates?topic=%zz" }),
    answers: { http: problem(400), "mongrel2-stock": server(400), "mongrel2-shipped": server(400) },
  },
  {
    // request.relaxed, shipped as 1, lets braces pass.
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
    // Mongrel2 routes by prefix: what does not begin with a route of Pharos is its own to answer.
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

/** What becomes of a client that reads nothing for a while. A stock Mongrel2 knows no single client's pace. */
export const slowReader: Readonly<Record<FrontName, "kept" | "closed">> = {
  http: "kept",
  "mongrel2-stock": "closed",
  "mongrel2-shipped": "kept",
};

/** Bytes that are no request, on a connection that carries a stream: Mongrel2 answers 400 into the stream itself. */
export const bytesBehindStream: Readonly<Record<FrontName, "closed" | "400 and closed">> = {
  http: "closed",
  "mongrel2-stock": "400 and closed",
  "mongrel2-shipped": "400 and closed",
};

/**
 * A request in many pieces: a stock Mongrel2 gives up at the fourth (limits.client_read_retries of 5), which a slow
 * network makes of any large head; shipped are 64.
 */
export const requestInManyPieces: Readonly<Record<FrontName, 200 | 400>> = {
  http: 200,
  "mongrel2-stock": 400,
  "mongrel2-shipped": 200,
};
