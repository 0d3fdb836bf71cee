import { describe, expect, it, onTestFinished } from "vitest";

import { connect } from "../../src/client/index.js";
import { serve, stream } from "./stream-server.js";

const url = "http://127.0.0.1:1/";

/** The error of `connect` with arguments that TypeScript does not allow. */
function refusalOf(...args: readonly unknown[]): unknown {
  try {
    const live: unknown = Reflect.apply(connect, undefined, args);
    if (typeof live === "object" && live !== null) Reflect.get(live, "close").call(live);
  } catch (error) {
    return error;
  }
  return undefined;
}

function selfContaining(): object {
  const value: { self?: unknown } = {};
  value.self = value;
  return value;
}

describe("connect refuses with a sentence", () => {
  it.each([
    ["no URL", [], /: undefined is not the URL of a hub/],
    ["a symbol as the URL", [Symbol("a")], /: Symbol\(a\) is not the URL of a hub/],
    ["an object as the URL", [{ url }], /\{"url":"http:[^ ]* is not the URL of a hub/],
    ["a URL of another kind", ["ftp://host/"], /"ftp:\/\/host\/" is not the URL of a hub: http/],
    ["the URL of a WebSocket", ["ws://host/ws"], /is not the URL of a hub/],
    ["a path without a page", ["/"], /"\/" is not the URL of a hub/],
    ["a user name in the URL", ["http://user:pass@host/"], /without a user name/],
    ["a wrong percent-encoding", [`${url}esupdates?topic=%zz`], /is not the URL of a hub/],
    ["options that are a list", [url, ["news"]], /options must be an object, not \["news"\]/],
    ["options that are null", [url, null], /options must be an object, not null/],
    ["topics", [url, { topics: ["news"] }], /no option topics; did you mean filters\?/],
    ["topic", [url, { topic: "news" }], /no option topic; did you mean filters\?/],
    ["another spelling", [url, { lastEventID: "1" }], /no option lastEventID; did you mean lastEventId\?/],
    [
      "a name of another library",
      [url, { withCredentials: true }],
      /no option withCredentials; allowed: filters, /,
    ],
    ["the name of a method", [url, { constructor: 1 }], /no option constructor/],
    [
      "filters that are no texts",
      [url, { filters: [1] }],
      /filters must be a text or a list of texts, not \[1\]/,
    ],
    ["a filter that is an object", [url, { filters: { a: 1 } }], /filters must be a text or a list/],
    ["a number as a token", [url, { token: 5 }], /token must be a text or a function, not 5/],
    ["null as a token", [url, { token: null }], /token must be a text or a function, not null/],
    ["a token with a line end", [url, { token: "a\nb" }], /a request cannot have these headers, token/],
    ["a token with other letters", [url, { token: "k–" }], /a request cannot have these headers, token/],
    [
      "a header with a line end",
      [url, { headers: { "x-a": "a\r\nb" } }],
      /a request cannot have these headers, token/,
    ],
    [
      "a header name with a space",
      [url, { headers: { "x a": "b" } }],
      /a request cannot have these headers, token/,
    ],
    [
      "a lastEventId with a line end",
      [url, { lastEventId: "a\nb" }],
      /a request cannot have these headers, token/,
    ],
    [
      "a header that is a symbol",
      [url, { headers: { a: Symbol("b") } }],
      /a request cannot have these headers, token/,
    ],
    [
      "an unknown kind of credentials",
      [url, { credentials: "all" }],
      /a request cannot have these headers, token/,
    ],
    ["an object that is no signal", [url, { signal: {} }], /a request cannot have these headers, token/],
    [
      "a bigint as a filter",
      [url, { filters: [1n] }],
      /filters must be a text or a list of texts, not a list/,
    ],
    ["an object that contains itself", [url, { token: selfContaining() }], /must be .*, not an object/],
    ["a number as an id", [url, { lastEventId: 5 }], /lastEventId must be a text, not 5/],
    [
      "an unknown transport",
      [url, { transport: "ws" }],
      /one of auto, event-stream, websocket, poll at this URL, not ws/,
    ],
    [
      "a transport that the URL lacks",
      ["http://host/own", { transport: "poll" }],
      /one of auto, event-stream at/,
    ],
    ["a text as a switch", [url, { shared: "yes" }], /shared must be true, false or an object, not "yes"/],
    ["no function as fetch", [url, { fetch: {} }], /fetch must be a function, not \{\}/],
  ])("%s", (_name, args, message) => {
    const error = refusalOf(...args);
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toMatch(message);
  });

  it("a listener for an unknown event, or without a function", () => {
    const live = connect(url, { filters: [] });
    onTestFinished(() => live.close());
    for (const args of [["message", () => undefined], ["toString", () => undefined], ["event"], []])
      expect(() => Reflect.apply(Reflect.get(live, "on"), live, args)).toThrowError(
        /on needs "event", "gap" or "state", and a function/,
      );
  });

  it("filters to add or to drop that are no texts", () => {
    const live = connect(url, { filters: [] });
    onTestFinished(() => live.close());
    for (const method of ["add", "drop"])
      expect(() => Reflect.apply(Reflect.get(live, method), live, [["a", "b"]])).toThrowError(
        /a filter must be a text, not \[\["a","b"\]\]/,
      );
  });
});

// Bug: the library followed each letter of the text as a filter, so that "news/#" followed every topic.
it("a single text is one filter", async () => {
  const { url, requests } = await serve(stream(["data: a\n\n"], { open: true }));
  const live = connect(url, { filters: "news/#" });
  onTestFinished(() => live.close());
  await live[Symbol.asyncIterator]().next();
  expect(live.filters).toEqual(["news/#"]);
  expect(requests[0]?.url).toBe("/esupdates?topic=news%2F%23&show=topics");
});

it("options that are undefined have their defaults", () => {
  expect(
    refusalOf(url, { filters: undefined, token: undefined, shared: undefined, signal: undefined }),
  ).toBeUndefined();
});

// Bug: connect refused ids with letters that are not in Latin-1, although the hub accepts them.
it("a lastEventId may have any letters", async () => {
  const { url, requests } = await serve(stream(["data: a\n\n"], { open: true }));
  const live = connect(url, { lastEventId: "事件 1" });
  onTestFinished(() => live.close());
  await live[Symbol.asyncIterator]().next();
  const sent = Buffer.from(String(requests[0]?.headers["last-event-id"]), "latin1").toString();
  expect(sent).toBe("事件 1");
});
