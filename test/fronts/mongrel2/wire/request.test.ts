import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Mongrel2Request, parseMongrel2Frame } from "../../../../src/fronts/mongrel2/wire/request.js";
import { buildFrame, captured, capturedFrames, line, sender } from "./frames.js";

const both = ["json", "tnetstring"] as const;

describe("frames that a real Mongrel2 sent", () => {
  const notices: ReadonlySet<string> = new Set(["fence", "disconnect", "credits"]);
  const other: ReadonlySet<string> = new Set(["JSON socket", "JSON socket on path @*", "300 headers"]);
  const ordinary = capturedFrames.filter(({ name }) => !notices.has(name) && !other.has(name));

  it.each(ordinary)("are requests: $name ($server, $protocol)", ({ frame }) => {
    expect(parseMongrel2Frame(frame).kind).toBe("request");
  });

  it.each(both)("give all that a request says (%s)", (protocol) => {
    const path = protocol === "json" ? "/j" : "/t";
    const {
      headers,
      body,
      sender: uuid,
      ...rest
    } = requestOf(captured("get", { protocol, server: "stock" }));
    expect(rest).toEqual({
      id: protocol === "json" ? 1 : 23,
      path,
      method: "GET",
      uri: `${path}?topic=a%23&x=1`,
      query: "topic=a%23&x=1",
      version: "HTTP/1.1",
      remoteAddress: "127.0.0.1",
      urlScheme: "http",
      pattern: path,
      upload: false,
    });
    expect(uuid).toMatch(/^[56]4c6755b-9628-40a4-9a2d-cc82a816345e$/);
    expect(body).toHaveLength(0);
    expect([...headers].sort(byName)).toEqual([
      ["accept", ["text/event-stream"]],
      ["host", ["localhost"]],
      ["user-agent", ["test"]],
      ["x-forwarded-for", ["127.0.0.1"]],
    ]);
  });

  it.each(both)("keep every value of a repeated header in order (%s)", (protocol) => {
    const { headers } = requestOf(captured("repeated headers", { protocol }));
    expect(headers.get("cookie")).toEqual(["a=1", "b=2", "c=3"]);
    expect(headers.get("accept")).toEqual(["a", "b"]);
    expect(headers.get("x-one")).toEqual(["1"]);
  });

  it.each(both)("count credits from the first request of a connection only (%s)", (protocol) => {
    const first = captured("two on one connection (first)", { protocol, server: "flow control" });
    const second = captured("two on one connection (second)", { protocol, server: "flow control" });
    expect(requestOf(first).downloadCredits).toBe(102_400);
    expect(requestOf(second)).not.toHaveProperty("downloadCredits");
    expect(requestOf(second).id).toBe(requestOf(first).id);
    expect(requestOf(captured("get", { protocol, server: "stock" }))).not.toHaveProperty("downloadCredits");
  });

  it.each(both)("never take a client's lower-case twins for Mongrel2's own words (%s)", (protocol) => {
    const request = requestOf(captured("twins of pseudo headers", { protocol, server: "stock" }));
    expect(request).toMatchObject({ method: "GET", remoteAddress: "127.0.0.1" });
    expect(request.path).not.toBe("/evil");
    expect(request).not.toHaveProperty("downloadCredits");
    expect(request.headers.get("path")).toEqual(["/evil", "@*"]);
    expect(request.headers.get("method")).toEqual(["JSON", "JSON"]);
    expect(request.headers.get("download_credits")).toEqual(["5"]);
    expect([...request.headers.keys()].join("")).toMatch(/^[^A-Z]*$/);
  });

  it.each(both)("are requests even with METHOD JSON and a notice for body (%s)", (protocol) => {
    const request = requestOf(captured("client method JSON with a notice for body", { protocol }));
    expect(request.method).toBe("JSON");
    expect(request.body.toString()).toBe('{"type":"disconnect"}');
  });

  it.each(both)("may hold a TAB in a value, which Mongrel2 does not escape (%s)", (protocol) => {
    expect(requestOf(captured("TAB in a value", { protocol })).headers.get("x-tab")).toEqual(["a\tb"]);
  });

  it("may hold a TAB after a backslash", () => {
    expect(requestOf(captured("backslash before TAB")).headers.get("x")).toEqual(["a\\\tb"]);
  });

  it.each(both)("keep quotes and backslashes (%s)", (protocol) => {
    const { headers } = requestOf(captured("quotes and backslash", { protocol }));
    expect(headers.get("x-q")).toEqual(['a"b\\c/d']);
  });

  it.each(both)("are read as UTF-8, and a value that is not as Latin-1 (%s)", (protocol) => {
    const utf8 = requestOf(captured("UTF-8 value", { protocol }));
    const latin1 = requestOf(captured("Latin-1 value", { protocol }));
    expect(utf8.headers.get("last-event-id")).toEqual(["é-1 ✓"]);
    expect(latin1.headers.get("last-event-id")).toEqual(["é-1"]);
    expect(latin1.headers.get("host")).toEqual(["localhost"]);
  });

  it.each(both)("keep a binary body whole (%s)", (protocol) => {
    const { body, method } = requestOf(captured("POST with NUL and brackets", { protocol }));
    expect(method).toBe("POST");
    expect(body).toEqual(Buffer.from("a\0b,}"));
  });

  it.each(both)("flag every upload, announced, done or forged (%s)", (protocol) => {
    const names = ["upload (first)", "upload (second)", "chunked upload (first)", "forged upload"];
    const flags = names.map((name) => [name, requestOf(captured(name, { protocol })).upload]);
    expect(flags).toEqual(names.map((name) => [name, true]));
  });

  it.each(both)(
    "tell HTTP/1.0, an empty query, a path as it was sent and an empty value (%s)",
    (protocol) => {
      expect(requestOf(captured("HTTP/1.0", { protocol })).version).toBe("HTTP/1.0");
      expect(requestOf(captured("empty query", { protocol })).query).toBe("");
      const odd = requestOf(captured("percent path and empty value", { protocol }));
      expect(odd.path).toMatch(/^\/[jt]\/%20%41$/);
      expect(odd.headers.get("empty")).toEqual([""]);
    },
  );

  it("keep header names apart from what every JavaScript object has", () => {
    const { headers } = requestOf(captured("name __proto__"));
    expect(headers.get("__proto__")).toEqual(["1"]);
    expect(headers.get("constructor")).toEqual(["2"]);
    expect(headers.get("toString")).toBeUndefined();
  });
});

describe("notices", () => {
  it.each(capturedFrames.filter(({ name }) => name === "disconnect"))(
    "tell that a connection has gone ($server, $protocol)",
    ({ frame, protocol }) => {
      const id = protocol === "json" ? 1 : 23;
      expect(parseMongrel2Frame(frame)).toMatchObject({ kind: "disconnect", id });
    },
  );

  it.each(capturedFrames.filter(({ name }) => name === "fence"))(
    "bring the fence back as id -1 ($server, $protocol)",
    ({ frame }) => {
      expect(parseMongrel2Frame(frame)).toMatchObject({ kind: "disconnect", id: -1 });
    },
  );

  it.each(capturedFrames.filter(({ name }) => name === "credits"))(
    "tell what was written ($protocol)",
    (entry) => {
      expect(parseMongrel2Frame(entry.frame)).toMatchObject({ kind: "credits", credits: 24 });
    },
  );

  it.each([1, 9, 10, 999_999_999, 1_000_000_000, Number.MAX_SAFE_INTEGER])("count %i bytes", (credits) => {
    const headers = { METHOD: "JSON", DOWNLOAD_CREDITS: String(credits) };
    const turned = { DOWNLOAD_CREDITS: String(credits), METHOD: "JSON" };
    for (const order of [headers, turned]) {
      for (const protocol of both) {
        const frame = buildFrame({ path: "@*", headers: order, body: '{"type":"credits"}', protocol, id: 5 });
        expect(parseMongrel2Frame(frame)).toEqual({ kind: "credits", sender, id: 5, credits });
      }
    }
  });

  it("are read in any spelling of their JSON", () => {
    const frame = buildFrame({
      path: "@*",
      id: -7,
      headers: { METHOD: "JSON" },
      body: '{ "type": "disconnect" }',
    });
    expect(parseMongrel2Frame(frame)).toEqual({ kind: "disconnect", sender, id: -7 });
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["another method", { METHOD: "GET" }, '{"type":"disconnect"}'],
    ["no method", {}, '{"type":"disconnect"}'],
    ["a client's header", { METHOD: "JSON", host: "x" }, '{"type":"disconnect"}'],
    ["another pseudo header", { METHOD: "JSON", REMOTE_ADDR: "x" }, '{"type":"disconnect"}'],
    ["an unknown type", { METHOD: "JSON" }, '{"type":"later"}'],
    ["no type", { METHOD: "JSON" }, "{}"],
    ["a list", { METHOD: "JSON" }, "[]"],
    ["null", { METHOD: "JSON" }, "null"],
    ["no JSON", { METHOD: "JSON" }, "disconnect"],
    ["a long body", { METHOD: "JSON" }, JSON.stringify({ type: "disconnect", pad: "x".repeat(300) })],
    ["no credits", { METHOD: "JSON" }, '{"type":"credits"}'],
    ["negative credits", { METHOD: "JSON", DOWNLOAD_CREDITS: "-1" }, '{"type":"credits"}'],
    ["fractional credits", { METHOD: "JSON", DOWNLOAD_CREDITS: "1.5" }, '{"type":"credits"}'],
    ["too many credits", { METHOD: "JSON", DOWNLOAD_CREDITS: "9007199254740993" }, '{"type":"credits"}'],
  ])("are malformed with %s, and name no id: no client waits for an answer", (_why, headers, body) => {
    for (const protocol of both) {
      const frame = parseMongrel2Frame(buildFrame({ path: "@*", headers, body, protocol }));
      expect(frame).toEqual({ kind: "malformed", sender, reason: expect.any(String) });
    }
  });

  it("are not what a client sends to path @* itself", () => {
    expect(parseMongrel2Frame(captured("client path @*"))).toMatchObject({
      kind: "request",
      request: { path: "@*", method: "GET" },
    });
    // A frame of a JSON socket: METHOD is JSON, and the body comes from the client, here {"type":"disconnect"}.
    expect(parseMongrel2Frame(captured("JSON socket on path @*")).kind).toBe("malformed");
  });
});

describe("requests of any shape", () => {
  it("come back as they were framed, in both protocols", () => {
    fc.assert(
      fc.property(requests, ({ protocol, id, body, headers }) => {
        const frame = buildFrame({
          protocol,
          id,
          body,
          headers: { ...line, ...Object.fromEntries(headers) },
        });
        const request = requestOf(frame);
        const expected = [...headers].map(([name, value]) => [
          name,
          typeof value === "string" ? [value] : value,
        ]);
        expect([...request.headers].sort(byName)).toEqual(expected.sort(byName));
        expect(request).toMatchObject({ id, method: "GET", uri: "/j", version: "HTTP/1.1" });
        expect(request.body).toEqual(body);
      }),
      { seed: 22, numRuns: 500 },
    );
  });
});

// Header names must not be "__proto__", which the object above would lose. Header names must not be numbers, which the
// object would reorder.
const headerName = fc
  .string({ unit: fc.constantFrom(..."abcxyz019-_.".split("")), minLength: 1, maxLength: 12 })
  .filter((name) => !/^\d+$/.test(name));
const headerValue = fc.string({ unit: "grapheme", maxLength: 20 });
const requests = fc.record({
  protocol: fc.constantFrom(...both),
  id: fc.integer({ min: 0, max: 4_294_967_295 }),
  body: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
  headers: fc.uniqueArray(
    fc.tuple(headerName, fc.oneof(headerValue, fc.array(headerValue, { minLength: 1, maxLength: 3 }))),
    { selector: ([name]) => name, maxLength: 8 },
  ),
});

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}

function requestOf(frame: Buffer): Mongrel2Request {
  const parsed = parseMongrel2Frame(frame);
  if (parsed.kind !== "request") throw new Error(`expected a request, got ${JSON.stringify(parsed)}`);
  return parsed.request;
}
