import * as fc from "fast-check";
import { expect, it, test } from "vitest";

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
const client = { address: "192.0.2.1", scheme: "https" };

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
