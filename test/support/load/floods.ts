import { requestBytes } from "../../contract/http-text.js";
import { clientFrame, handshakeHeaders } from "../web-socket.js";

/** What a flooding client sends. */
export interface Flood {
  readonly name: string;
  /** Written once on each connection. */
  readonly first?: Buffer;
  /** Written again and again. */
  readonly more: Buffer;
}

const filters = Array.from({ length: 60 }, (_, index) => `topic=${index}/%2B/a/%2B/b/%23`).join("&");
const patterns = Array.from(
  { length: 60 },
  (_, index) => `match_urlpattern=https://example.org/${index}/:a/:b(\\d%2B)`,
);
const line = '{"topics":["flood"],"data":"x"}\n';

function requests(request: Parameters<typeof requestBytes>[0], count: number): Buffer {
  return Buffer.from(requestBytes(request).repeat(count));
}

function head(lines: string): string {
  return `GET /healthz HTTP/1.1\r\nHost: a\r\n${lines}\r\n`;
}

function list(lines: string, count: number): Buffer {
  const headers = { "Content-Type": "application/x-ndjson", "Content-Length": String(lines.length) };
  return requests({ method: "POST", path: "/publish", headers, body: lines }, count);
}

function body(path: string, type: string, text: string): Buffer {
  const headers = { "Content-Type": type, "Content-Length": String(text.length) };
  return requests({ method: "POST", path, headers, body: text }, 1);
}

function chunksTo(method: string, extension = ""): Flood {
  return {
    name: `chunks of one byte${extension && " with extensions"} in ${method}`,
    first: requests({ method, path: "/publish/flood", headers: { "Transfer-Encoding": "chunked" } }, 1),
    more: Buffer.from(`1${extension}\r\na\r\n`.repeat(10_000)),
  };
}

function framesOf(name: string, frames: readonly Buffer[]): Flood {
  return {
    name,
    first: requests({ path: "/ws", headers: handshakeHeaders }, 1),
    more: Buffer.concat(frames),
  };
}

const empty = Buffer.alloc(0);
const start = clientFrame({ opcode: 1, isFinal: false, payload: empty });
const middle = clientFrame({ opcode: 0, isFinal: false, payload: empty });
const end = clientFrame({ opcode: 0, payload: Buffer.from("{}") });
const tiny = clientFrame({ opcode: 0, isFinal: false, payload: Buffer.from(" ") });
const ping = clientFrame({ opcode: 9, payload: Buffer.from("a") });

function many(frame: Buffer): readonly Buffer[] {
  return Array.from({ length: 5000 }, () => frame);
}

/** One flood of each shape that a client can send. */
export const floods: readonly Flood[] = [
  chunksTo("POST"),
  // The hub answers before it reads this body.
  chunksTo("PATCH"),
  chunksTo("POST", ";a=b"),
  { name: "requests", more: requests({ path: "/healthz" }, 1000) },
  { name: "the smallest requests", more: Buffer.from("GET /a HTTP/1.1\r\nHost:\r\n\r\n".repeat(2000)) },
  { name: "empty lines between requests", more: Buffer.from("\r\n".repeat(20_000) + head("")) },
  { name: "heads of 4,000 lines", more: Buffer.from(head("A:\r\n".repeat(4000)).repeat(4)) },
  { name: "heads of 100 lines", more: Buffer.from(head("A: b\r\n".repeat(98)).repeat(16)) },
  { name: "filters", more: requests({ method: "HEAD", path: `/esupdates?${filters}` }, 16) },
  {
    name: "patterns",
    more: requests({ method: "HEAD", path: `/.well-known/mercure?${patterns.join("&")}` }, 16),
  },
  { name: "polls", more: requests({ path: `/poll?wait=0&${filters}` }, 16) },
  { name: "short lists of publications", more: list(line.repeat(90), 16) },
  { name: "long lists of publications", more: list(line.repeat(1000), 4) },
  { name: "bodies of empty lines", more: list("\n".repeat(1_000_000), 1) },
  { name: "long lines of JSON", more: list(`{"topics":["flood"],"data":[${"1,".repeat(450_000)}1]}\n`, 1) },
  // Neither body makes a publication: the JSON has no end, and the form no topic.
  {
    name: "bodies of many JSON values",
    more: body("/publish/flood", "application/json", `[${"{},".repeat(330_000)}`),
  },
  {
    name: "forms of many escapes",
    more: body("/.well-known/mercure", "application/x-www-form-urlencoded", `data=${"%41a".repeat(250_000)}`),
  },
  framesOf("pings", many(ping)),
  framesOf("empty frames", [start, ...many(middle), end]),
  framesOf("frames of one byte", [start, ...many(tiny), end]),
  framesOf(
    "changes of filters",
    ["add", "drop"].map((change) =>
      clientFrame({ opcode: 1, payload: Buffer.from(JSON.stringify({ [change]: ["a/+/b", "c/#"] })) }),
    ),
  ),
];
