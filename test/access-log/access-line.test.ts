import * as fc from "fast-check";
import { expect, it, test } from "vitest";

import { visibleJson } from "../../src/base/json/visible-json.js";
import { accessLine, beginningOf, type LoggedRequest } from "../../src/access-log/access-line.js";

const seed = 20_261_130;

const end = {
  kind: "request",
  status: 200,
  bytes: 120,
  isComplete: true,
  subject: undefined,
  topics: undefined,
} as const;
const times = { nowMs: Date.UTC(2026, 10, 30, 22, 1, 2, 3), durationMs: 12.345 };
const client = { address: "192.0.2.1", scheme: "https" } as const;

function request(
  changes: Partial<LoggedRequest> & { readonly headers?: Readonly<Record<string, string>> } = {},
): LoggedRequest {
  const { headers = {}, ...others } = changes;
  return {
    method: "GET",
    version: "1.1",
    path: "/esupdates",
    query: "",
    peer: "192.0.2.1",
    front: "http",
    header: (name) => headers[name],
    ...others,
  };
}

test("a line has the fields of the request and of its end", () => {
  const headers = { "user-agent": "curl/8", "x-request-id": "r-1" };
  const beginning = beginningOf(request({ query: "topic=a&authorization=secret", headers }), client);
  const line = accessLine(beginning, { ...end, kind: "stream", subject: "alice", topics: 1 }, times);
  expect(line.endsWith("}\n")).toBe(true);
  expect(JSON.parse(line)).toEqual({
    time: "2026-11-30T22:01:02.003Z",
    kind: "stream",
    front: "http",
    address: "192.0.2.1",
    scheme: "https",
    method: "GET",
    path: "/esupdates?topic=a&authorization=(hidden)",
    protocol: "HTTP/1.1",
    agent: "curl/8",
    requestId: "r-1",
    status: 200,
    bytes: 120,
    ms: 12.3,
    topics: 1,
    subject: "alice",
  });
});

test("a line leaves out what a request does not have", () => {
  expect(Object.keys(JSON.parse(accessLine(beginningOf(request(), client), end, times)) as object)).toEqual([
    "time",
    "kind",
    "front",
    "address",
    "scheme",
    "method",
    "path",
    "protocol",
    "status",
    "bytes",
    "ms",
  ]);
});

test("a response that was not complete says so", () => {
  const line = accessLine(beginningOf(request(), client), { ...end, isComplete: false }, times);
  expect(JSON.parse(line)).toMatchObject({ complete: false });
});

test("each line has its own time", () => {
  const times = [1000, 1000, 1001, 1000].map((nowMs) => {
    const line = accessLine(beginningOf(request(), client), end, { nowMs, durationMs: 0 });
    return (JSON.parse(line) as { time: string }).time.slice(-6);
  });
  expect(times).toEqual([".000Z", ".000Z", ".001Z", ".000Z"].map((text) => `1${text}`));
});

test.each<[string, string, string]>([
  ["that just fits", "a".repeat(158), `"${"a".repeat(158)}"`],
  ["that is a byte too long", "a".repeat(159), `"${"a".repeat(155)}…"`],
  ["that just fits with an escape", `${"a".repeat(156)}\\`, `"${"a".repeat(156)}\\\\"`],
  ["that is a byte too long with an escape", `${"a".repeat(157)}"`, `"${"a".repeat(155)}…"`],
  ["that just fits as UTF-8", `${"a".repeat(156)}é`, `"${"a".repeat(156)}é"`],
  ["that is a byte too long as UTF-8", `${"a".repeat(157)}é`, `"${"a".repeat(155)}…"`],
])("a text %s", (_, text, json) => {
  expect(beginningOf(request({ headers: { "x-request-id": text } }), client)).toContain(
    `,"requestId":${json}`,
  );
  expect(Buffer.byteLength(json)).toBeLessThanOrEqual(160);
});

it(`writes a text that fits as JSON does, with invisible characters escaped (seed ${seed})`, () => {
  const unit = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.constantFrom(...Array.from({ length: 128 }, (_, at) => String.fromCharCode(at))),
    },
    { weight: 1, arbitrary: fc.constantFrom("\u0080", "é", "\u2028", "\u202E", "\uD800", "😀") },
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 26 }), (text) => {
      const beginning = beginningOf(request({ headers: { "x-request-id": text } }), client);
      expect(beginning.endsWith(`,"requestId":${visibleJson(JSON.stringify(text))}`)).toBe(true);
    }),
    { seed, numRuns: 2000 },
  );
});

test("a long path is cut, and ends with an ellipsis", () => {
  const line = accessLine(beginningOf(request({ path: `/${"a".repeat(5000)}` }), client), end, times);
  expect(JSON.parse(line)).toMatchObject({ path: expect.stringMatching(/^\/a{2000,2047}…$/) });
});

it(`is always one line of visible JSON below 4,096 bytes (seed ${seed})`, () => {
  const hostile = fc
    .oneof(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.constantFrom(
        "\n",
        "\r\n",
        "\u0000",
        "\u001B[2J",
        '"',
        "\\",
        "\u202E",
        "\u2028",
        "\u0085",
        "\uD800",
        '","status":1',
      ),
    )
    .chain((text) => fc.integer({ min: 1, max: 5000 }).map((times) => text.repeat(times).slice(0, 20_000)));
  fc.assert(
    fc.property(fc.array(hostile, { minLength: 6, maxLength: 6 }), (texts) => {
      const [path = "", query = "", agent = "", requestId = "", subject = "", method = ""] = texts;
      const headers = { "user-agent": agent, "x-request-id": requestId };
      const line = accessLine(
        beginningOf(request({ method, path, query, headers }), client),
        { ...end, subject },
        times,
      );
      expect(Buffer.byteLength(line)).toBeLessThan(4096);
      expect(line.slice(0, -1)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(JSON.parse(line)).toMatchObject({ status: 200, address: "192.0.2.1", bytes: 120 });
    }),
    { seed, numRuns: 500 },
  );
});
