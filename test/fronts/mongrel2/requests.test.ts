import { describe, expect, it } from "vitest";
import { closesAfterAnswer, encodeReply, toGatewayRequest } from "../../../src/fronts/mongrel2/requests.js";
import type { Mongrel2Request } from "../../../src/fronts/mongrel2/wire/request.js";

function mongrel2Request(change: Partial<Mongrel2Request> = {}): Mongrel2Request {
  return {
    sender: "54c6755b-9628-40a4-9a2d-cc82a816345e",
    id: 1,
    path: "/esupdates",
    method: "GET",
    uri: "/esupdates?topic=a",
    query: "topic=a",
    version: "HTTP/1.1",
    remoteAddress: "127.0.0.1",
    urlScheme: "http",
    pattern: "/esupdates",
    headers: new Map(),
    body: Buffer.alloc(0),
    upload: false,
    ...change,
  };
}

const nothingMore = {
  body: () => Promise.resolve(Buffer.alloc(0)),
  disconnectSignal: () => new AbortController().signal,
};

it("does not know the peer where an old server does not name it", () => {
  expect(toGatewayRequest(mongrel2Request({ remoteAddress: "" }), nothingMore).peer).toBeUndefined();
});

it("shows the gateway method, path, query, headers, body and peer", () => {
  const headers = new Map([
    ["origin", ["https://a.example"]],
    ["last-event-id", ["a", "b"]],
    ["empty", [""]],
  ]);
  const request = toGatewayRequest(mongrel2Request({ headers, urlScheme: "https" }), nothingMore);
  expect({ ...request, header: undefined }).toEqual({
    isTls: true,
    method: "GET",
    version: "1.1",
    path: "/esupdates",
    query: "topic=a",
    header: undefined,
    ...nothingMore,
    peer: "127.0.0.1",
    front: "mongrel2",
    isDirect: false,
  });
  expect(request.header("origin")).toBe("https://a.example");
  expect(request.header("last-event-id")).toBe("a, b");
  expect(request.header("empty")).toBe("");
  expect(request.header("absent")).toBeUndefined();
  expect(request.header("constructor")).toBeUndefined();
});

describe("the connection after an answer", () => {
  it.each([
    { version: "HTTP/1.1", connection: undefined, closes: false },
    { version: "HTTP/1.1", connection: ["keep-alive"], closes: false },
    { version: "HTTP/1.1", connection: ["Close"], closes: true },
    { version: "HTTP/1.1", connection: ["te", "close"], closes: true },
    { version: "HTTP/1.0", connection: undefined, closes: true },
    { version: "HTTP/1.0", connection: ["Keep-Alive"], closes: false },
    { version: "HTTP/1.0", connection: ["close"], closes: true },
  ])("of $version with $connection closes: $closes", ({ version, connection, closes }) => {
    const headers = new Map(connection === undefined ? [] : [["connection", connection] as const]);
    expect(closesAfterAnswer(mongrel2Request({ version, headers }))).toBe(closes);
  });
});

describe("an answer as bytes", () => {
  const reply = {
    kind: "reply",
    status: 404,
    headers: [["A", "b"]],
    contentLength: 2,
    body: Buffer.from("hi"),
  } as const;

  it("says its length and whether the connection stays", () => {
    expect(encodeReply(reply, { close: false }).toString()).toBe(
      "HTTP/1.1 404 Not Found\r\nA: b\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi",
    );
    expect(encodeReply(reply, { close: true }).toString()).toContain("\r\nConnection: close\r\n");
  });

  it("says no length where there is none", () => {
    const bare = encodeReply(
      { ...reply, status: 204, contentLength: undefined, body: Buffer.alloc(0) },
      { close: false },
    );
    expect(bare.toString()).toBe("HTTP/1.1 204 No Content\r\nA: b\r\nConnection: keep-alive\r\n\r\n");
  });
});
