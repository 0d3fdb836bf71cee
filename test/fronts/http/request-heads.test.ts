import { assert, asyncProperty, constantFrom, integer, record } from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, openStreams, within } from "../../contract/client.js";
import { parseResponse, requestBytes } from "../../contract/http-text.js";
import type { ResponseText } from "../../contract/http-text.js";
import { startSite } from "../../contract/site.js";
import type { Site } from "../../contract/site.js";
import { hubUrl, issuer, secret } from "../../support/token.js";

const origin = "https://app.example";
let site: Site;

beforeAll(async () => {
  const settings = {
    PHAROS_OPEN: "on",
    PHAROS_PUBLIC_URL: hubUrl,
    PHAROS_TOKEN_ISSUER: issuer,
    PHAROS_TOKEN_SECRET: secret,
    PHAROS_CORS_ORIGIN: origin,
    PHAROS_TRUSTED_PROXY: "127.0.0.1",
    PHAROS_LIMITS_CONNECTIONS_PER_ADDRESS: "1",
  };
  site = await startSite("http", { settings, onEnd: afterAll });
});

/** Sends bytes on a new connection, ends the sending side, and returns everything that the hub sends. */
async function exchange(bytes: string): Promise<string> {
  const connection = await site.connect();
  connection.write(bytes);
  connection.endWriting();
  return connection.readToEnd({ within });
}

function refusalIn(text: string): { readonly answer: ResponseText; readonly detail: string } {
  const answer = parseResponse(text);
  if (answer === undefined) throw new Error(`no whole response came, but ${JSON.stringify(text)}`);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  return { answer, detail: (JSON.parse(answer.body) as { readonly detail: string }).detail };
}

/** Lines that mean nothing to the hub. */
function filler(count: number, line: string): string {
  return `${line}\r\n`.repeat(count);
}

const inner = requestBytes({
  method: "POST",
  path: "/publish/smuggled",
  headers: { "Content-Length": "1" },
  body: "x",
});

/** The statuses of a response to a head with this line. */
function allowedStatuses(head: {
  readonly line: string;
  readonly lines: number;
  readonly target: string;
}): readonly number[] {
  if (head.lines > 100) return [431];
  if (head.line.startsWith("Host")) return [400];
  if (head.line.startsWith("Expect")) return [417];
  if (!head.target.startsWith("POST")) return [200, 429];
  return head.line.startsWith("Origin") ? [401, 403] : [200, 400, 401, 403, 415];
}

describe("a head with many lines", () => {
  // Bug: Node stores 1,000 lines and drops the others, but its parser obeys them. So the hub took the body of this
  // request for further requests, and never saw a second Host, an Origin, or the entries of a proxy.
  it("is read whole or refused, wherever its telling line is", async () => {
    const telling = constantFrom(
      `Content-Length: ${inner.length}`,
      "Origin: https://evil.example",
      "Host: evil.example",
      "Expect: a-miracle",
      "Content-Encoding: gzip",
    );
    const heads = record({
      telling,
      before: integer({ min: 0, max: 3000 }),
      after: integer({ min: 0, max: 50 }),
      line: constantFrom(
        "A:",
        "a: b",
        "Cookie: a=b",
        "X-Forwarded-For: 192.0.2.1",
        "__proto__: x",
        "constructor: x",
      ),
      target: constantFrom("GET /esupdates", "GET /healthz", "POST /publish/a"),
    });
    await assert(
      asyncProperty(heads, async ({ telling: line, before, after, line: other, target }) => {
        const lines = `Host: localhost\r\nConnection: close\r\n${filler(before, other)}${line}\r\n${filler(after, other)}`;
        const publishedBefore = site.figure("publications_total");
        const text = await exchange(`${target} HTTP/1.1\r\n${lines}\r\n${inner}`);
        const status = parseResponse(text)?.status ?? 0;
        expect(allowedStatuses({ line, lines: before + after + 3, target })).toContain(status);
        // The body is never a request of its own.
        expect(text.split("HTTP/1.1 ")).toHaveLength(2);
        const published = target.startsWith("POST") && status === 200 ? 1 : 0;
        expect(site.figure("publications_total") - publishedBefore).toBe(published);
      }),
      { numRuns: 150, seed: 4 },
    );
    expect(await openStreams(site)).toBe(0);
  });

  it("is allowed up to the limit, and then refused with the limit", async () => {
    const request = (count: number): string =>
      `GET /healthz HTTP/1.1\r\nHost: a\r\n${filler(count - 1, "A: b")}\r\n`;
    expect(parseResponse(await exchange(request(100)))?.status).toBe(200);
    const { answer, detail } = refusalIn(await exchange(request(101)));
    expect([answer.status, detail]).toEqual([431, "the head of a request may have at most 100 header lines"]);
  });

  it("does not hide the address of the client behind a trusted proxy", async () => {
    const other = `X-Forwarded-For: 192.0.2.7\r\n`;
    const request = `GET /esupdates HTTP/1.1\r\nHost: a\r\n${filler(90, "A:")}${other}\r\n`;
    const first = await site.connect();
    first.write(request);
    await first.readUntil("retry: ", { within });
    const second = await site.connect();
    second.write(request);
    expect(await second.readUntil("HTTP/1.1 429 ", { within })).toContain("192.0.2.7");
  });
});

describe("a head that the hub refuses", () => {
  it.each([
    [
      "HTTP/1.1 without Host",
      "GET /esupdates HTTP/1.1\r\n",
      400,
      "an HTTP/1.1 request must have a Host header",
    ],
    [
      "two Hosts",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nhost: a\r\n",
      400,
      "a request must have one Host header, not 2",
    ],
    [
      "an unknown expectation",
      "GET /esupdates HTTP/1.1\r\nHost: a\r\nExpect: x\r\n",
      417,
      'the Expect header must be 100-continue, not "x"',
    ],
    [
      "a known and an unknown expectation",
      "POST /publish/a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x\r\n",
      417,
      'the Expect header must be 100-continue, not "100-continue, x"',
    ],
    [
      "17,000 bytes",
      `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(17_000)}\r\n`,
      431,
      "the head of a request may have at most 16384 bytes",
    ],
    [
      "102 lines",
      `GET /healthz HTTP/1.1\r\nHost: a\r\n${filler(101, "A:")}`,
      431,
      "the head of a request may have at most 100 header lines",
    ],
  ])("for %s gets problem details that its page can read", async (_name, head, ...expected) => {
    const [line, ...rest] = head.split("\r\n");
    const refusal = refusalIn(await exchange([line, `Origin: ${origin}`, ...rest, ""].join("\r\n")));
    expect([refusal.answer.status, refusal.detail]).toEqual(expected);
    expect(refusal.answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(refusal.answer.headers.get("connection")).toBe("close");
  });

  it("of more than twice the limit gets problem details too", async () => {
    const { answer } = refusalIn(
      await exchange(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(40_000)}\r\n\r\n`),
    );
    expect(answer.status).toBe(431);
  });

  it("in HTTP/1.0 needs no Host, and no expectation counts", async () => {
    const text = await exchange("GET /healthz HTTP/1.0\r\nExpect: x\r\n\r\n");
    expect(text).toContain('"status":"ok"');
  });
});

const form = { "Content-Type": "application/x-www-form-urlencoded" };
const requests: readonly Parameters<typeof requestBytes>[0][] = [
  { method: "QUERY" },
  { method: "QUERY", headers: { "Content-Length": "7" }, body: "topic=a" },
  { method: "QUERY", headers: form },
  { method: "POST" },
  { method: "POST", headers: { "Content-Type": ";", "Content-Length": "1" }, body: "a" },
];

describe("a request with or without a body", () => {
  it.each(requests)("gets the reason of the protocol, not of the HTTP server: %j", async (request) => {
    // Bug: Fastify answered "this request is malformed" before the hub had looked at the request.
    const answer = await ask(site, requestBytes({ ...request, path: "/.well-known/mercure" }));
    expect(answer.status).toBe(request.headers === form ? 400 : 415);
    expect(JSON.parse(answer.body)).not.toMatchObject({ detail: "this request is malformed" });
    expect(answer.headers.get("connection")).toBe("keep-alive");
  });
});
