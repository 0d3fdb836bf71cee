import { mercurePath } from "../../../src/protocol.js";
import { clientFrame, handshakeHeaders } from "../../support/web-socket.js";
import { requestBytes } from "../http-text.js";
import type { Exchange, Step } from "./exchange.js";

/** The values that the exchanges use. */
export interface ExchangeValues {
  /** A token with the right to publish and to read everything. */
  readonly token: string;
  /** An id from which the topic {@link longTopic} needs a long replay. */
  readonly firstId: string;
}

/** A topic with more history than the buffers of a connection hold. */
export const longTopic = "long";

/** The topic of the publications while clients come and leave. */
export const liveTopic = "live/a";

/** The exchange whose body the HTTP front holds until the end of the body. */
export const largeBody = "a large publication";

/** The exchange whose body waits in the hub behind Mongrel2 until the request before it is answered. */
export const waitingBody = "a publication behind a poll";

/** Creates the exchange of one client. The number is different for each client. */
export type CreateExchange = (number: number) => Exchange;

type Headers = Readonly<Record<string, string>>;

/** All clients are behind a proxy, so that the limits of one address count them. */
const forwarded: Headers = { "X-Forwarded-For": "203.0.113.7" };

const form = "application/x-www-form-urlencoded";

/** Each kind of exchange of each protocol. The exchanges for which the hub holds most come first. */
export function exchangesWith({ token, firstId }: ExchangeValues): readonly CreateExchange[] {
  const bearer = { Authorization: `Bearer ${token}` };
  const get = (path: string, headers: Headers = {}): string =>
    requestBytes({ path, headers: { ...forwarded, ...headers } });
  const post = (path: string, body: string, headers: Headers = {}): string =>
    requestBytes({
      method: "POST",
      path,
      headers: { ...forwarded, ...bearer, "Content-Length": String(body.length), ...headers },
      body,
    });
  const chunked = (path: string, headers: Headers): string =>
    requestBytes({
      method: "POST",
      path,
      headers: { ...forwarded, ...headers, "Transfer-Encoding": "chunked" },
      body: "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n",
    });
  const lines = ['{"topic":"live/b","data":"1"}', '{"topic":"live/c","data":"2","private":true}', ""].join(
    "\n",
  );
  const list = `[${lines.trim().replace("\n", ",")}]`;
  const text = " ".repeat(600_000);
  const socket = (path: string, headers: Headers = {}): string =>
    get(path, { ...handshakeHeaders, ...headers });
  const waiting = `/poll?topic=live/none&topic=x/%23&wait=30&last_event_id=${escaped(firstId)}`;
  return [
    steps("a WebSocket", [
      [socket("/ws?topic=live/%2B"), "101"],
      [frame('{"add":["b/#"],', { isFinal: false })],
      [frame("ping", { opcode: 9 })],
      [frame('"request":1}', { opcode: 0 }), '"request":1'],
      [frame('{"publish":{"topic":"live/a","data":"1"},"request":2}'), '"request":2'],
      [frame('{"token":"x.y.z","request":3}'), '"request":3'],
      [frame('{"drop":["b/#"],"request":4}') + frame("", { opcode: 8 })],
    ]),
    steps("polls", [[get(`/poll?topic=live/a`), '"position"'], [get(waiting, bearer)]]),
    // Other exchanges have each position of these two requests.
    () => ({ ...all(waitingBody, [get(waiting) + post("/publish/live/a", "text")]), stride: 5 }),
    slow("a slow poll", get(`/poll?topic=${longTopic}&last_event_id=${escaped(firstId)}`)),
    one(
      "a poll with a replay",
      get(`/poll?topic=${longTopic}&last_event_id=${escaped(firstId)}`),
      '"position"',
    ),
    one(
      "a WebSocket that does not wait",
      socket("/ws?topic=live/a", { "Sec-WebSocket-Protocol": `pharos, pharos.token.${token}` }) +
        frame('{"add":["b/{id}","/c/:d+"]}') +
        frame('{"publish":{"topic":"live/a","data":"1"}}') +
        frame(`{"token":"${token}","request":7}`) +
        frame("binary", { opcode: 2 }),
      "101",
    ),
    one("a publication", post("/publish/live/a", "text", { "Content-Type": "text/plain" }), '"id"'),
    // Mongrel2 closes the connection: it accepts no chunks.
    one("a publication in chunks", chunked("/publish/live/a", bearer)),
    large(largeBody, [[post("/publish/live/a", text)]]),
    large("a large message", [[socket("/ws"), "101"], [frame(text)]]),
    steps("a publication that waits to continue", [
      [post("/publish/live/a", "", { Expect: "100-continue", "Content-Length": "4" }), "100 Continue"],
      ["text", '"id"'],
    ]),
    one(
      "publications as lines",
      post("/publish", lines, { "Content-Type": "application/x-ndjson" }),
      '"ids"',
    ),
    one("publications as JSON", post("/publish", list, { "Content-Type": "application/json" }), '"ids"'),
    (number) =>
      all(`publications with the same key`, [
        post("/publish/live/a", "once", { "Idempotency-Key": key(number) }) +
          post("/publish/live/a", "once", { "Idempotency-Key": key(number) }),
        '"id"',
      ]),
    one("a publication without a token", chunked("/publish/live/a", {})),
    one("publications with a mistake", post("/publish", "{}\n", { "Content-Type": "text/plain" }), "415"),
    one("an event stream", get(`/esupdates?topic=live/%23&topic=x/%2B&show=positions`), "id: "),
    one("a private event stream", get("/esupdates?topic=live/a", bearer), "retry: "),
    one(
      "a compressed event stream",
      get("/esupdates?topic=live/a", { Accept: "text/event-stream", "Accept-Encoding": "gzip" }),
      "gzip",
    ),
    one("an event stream with a wrong filter", get("/esupdates?topic=a/%23/b"), "400"),
    one("an event stream of HTTP/1.0", get("/esupdates?topic=live/a").replace("1.1", "1.0"), "retry: "),
    one(
      "requests behind an event stream",
      get("/esupdates") + get("/healthz") + get("/esupdates"),
      "retry: ",
    ),
    one("requests before an event stream", get("/healthz") + get("/x") + get("/esupdates"), "retry: "),
    one("a replay", get(`/esupdates?topic=${longTopic}`, { "Last-Event-ID": firstId }), "data: "),
    slow("a slow replay", get(`/esupdates?topic=${longTopic}`, { "Last-Event-ID": firstId })),
    slow("a slow replay over WebSocket", socket(`/ws?topic=${longTopic}&lastEventId=${escaped(firstId)}`)),
    one("a handshake with a mistake", socket("/ws", { "Sec-WebSocket-Version": "12" }), "426"),
    one(
      "a Mercure publication",
      post(mercurePath, "topic=live/a&data=x", { "Content-Type": form }),
      "200 OK",
    ),
    one("a Mercure stream", get(`${mercurePath}?match_urlpattern=/x/:y(%5Cd%2B)`), "200 OK"),
    one("an older Mercure stream", get(`${mercurePath}?topic=live/a&topic=b/%7Bc%7D`, bearer), "200 OK"),
    one("a Mercure stream of a query", query(mercurePath, "topic=live/a"), "retry: "),
    one("subscriptions", get(`${mercurePath}/subscriptions`, bearer), "subscriptions"),
    one("a push stream publication", post("/pub?id=live/a", "text"), "200 OK"),
    one("push stream statistics", get("/channels-stats?id=ALL", bearer), "200 OK"),
    one("a push stream of events", get("/ev/live.b2/x", bearer), "200 OK"),
    one("a push stream in a frame", get("/sub/live?callback=f"), "<body>"),
    one("a push stream's poll", get("/lp/live?tag=1&time=Sun%2C%2029%20Nov%202026%2010:00:00%20GMT"), "200"),
    one("a push stream's poll by script", get("/jsonp/live?callback=f")),
    one("a push stream's WebSocket", socket("/ws/live.b2") + frame("x") + frame("", { opcode: 8 }), "101"),
    one(
      "HEAD",
      ["/esupdates", "/poll", "/ws", "/healthz"].map((path) => head(path)).join(""),
      "application/json",
    ),
    one("OPTIONS", requestBytes({ method: "OPTIONS", path: "/publish", headers: preflight }), "204"),
    one("files", get("/") + get("/none"), "404"),
  ];
}

const preflight: Headers = {
  ...forwarded,
  Origin: "https://app.example",
  "Access-Control-Request-Method": "POST",
};

function head(path: string): string {
  return requestBytes({ method: "HEAD", path, headers: forwarded });
}

function query(path: string, body: string): string {
  const headers = { ...forwarded, "Content-Type": form, "Content-Length": String(body.length) };
  return requestBytes({ method: "QUERY", path, headers, body });
}

function one(name: string, write: string, read?: string): CreateExchange {
  return () => all(name, [write, read]);
}

function slow(name: string, write: string): CreateExchange {
  return () => ({ ...all(name, [write]), isSlow: true });
}

/** Clients of a large exchange leave at some positions only. All of them together send more than the hub accepts. */
function large(name: string, list: readonly StepText[]): CreateExchange {
  return () => ({ ...all(name, ...list), stride: 9973 });
}

function steps(name: string, list: readonly StepText[]): CreateExchange {
  return () => all(name, ...list);
}

type StepText = readonly [write: string, read?: string | undefined];

function all(name: string, ...list: readonly StepText[]): Exchange {
  return { name, steps: list.map(toStep) };
}

function toStep([write, read]: StepText): Step {
  return { write: Buffer.from(write, "latin1"), ...(read === undefined ? {} : { read }) };
}

/** The bytes of a frame as text with one character for each byte. */
function frame(
  payload: string,
  options: { readonly opcode?: number; readonly isFinal?: boolean } = {},
): string {
  const { opcode = 1, isFinal = true } = options;
  return clientFrame({ opcode, payload: Buffer.from(payload), isFinal }).toString("latin1");
}

/** All keys have the same length, so that all exchanges have the same positions. */
function key(number: number): string {
  return `key-${String(number).padStart(6, "0")}`;
}

function escaped(id: string): string {
  return encodeURIComponent(id);
}
