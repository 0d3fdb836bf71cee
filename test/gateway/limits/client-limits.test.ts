import { loadConfig } from "../../../src/config/load.js";
import { describe, expect, it, test } from "vitest";
import { LocalTicket } from "../../../src/delivery/joining/local-ticket.js";
import { PharosError } from "../../../src/base/errors.js";
import { ClientLimits } from "../../../src/gateway/limits/client-limits.js";
import type { ClientLimitsOptions } from "../../../src/gateway/limits/client-limits.js";
import { eventStreamFormat } from "../../../src/gateway/formats/event-stream.js";
import { Gateway } from "../../../src/gateway/gateway.js";
import { healthResource } from "../../../src/protocols/pharos/health.js";
import type { StreamStart } from "../../../src/gateway/http/messages.js";
import { readRights } from "../../../src/gateway/access/read-rights.js";
import type { Resource } from "../../../src/gateway/http/resource.js";
import {
  parseMqttFilter,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../../src/hub/filters/filter.js";
import { defaultFilterLimits } from "../../../src/hub/filters/filter-limits.js";
import type { TopicFilter } from "../../../src/hub/filters/filter.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { gatewayRequest } from "../request.js";

const clock = new VirtualClock();

const each = { streams: 2, publishesPerSecond: 1, requestsPerSecond: 1 };

const emptyStream: StreamStart = {
  kind: "stream",
  headers: [],
  opening: Buffer.alloc(0),
  ticket: new LocalTicket({
    subscription: { format: eventStreamFormat, filters: [], rights: readRights(undefined) },
    lastEventId: undefined,
  }),
  expiresAtMs: undefined,
};

function limitsWith(options: Partial<ClientLimitsOptions> = {}): ClientLimits {
  return new ClientLimits({
    trustedProxies: ["10.0.0.1"],
    each,
    eachLocal: { streams: 3, publishesPerSecond: 2, requestsPerSecond: 2 },
    clock,
    ...options,
  });
}

function from(peer: string, forwardedFor?: string) {
  const headers = forwardedFor === undefined ? {} : { "x-forwarded-for": forwardedFor };
  return { ...gatewayRequest({ headers }), peer };
}

function refusal(attempt: () => unknown): PharosError | undefined {
  try {
    attempt();
    return undefined;
  } catch (error) {
    if (error instanceof PharosError) return error;
    throw error;
  }
}

test("an address may have so many streams, and another when one has ended", () => {
  const limits = limitsWith();
  const open = (peer: string) => limits.admitStream(from(peer))();
  const [first] = [open("2001:db8:0:1::1"), open("2001:db8:0:1::2")];
  const refused = refusal(() => open("2001:db8:0:1::3"));
  expect(refused).toMatchObject({ code: "too-many-streams", retryAfterSeconds: 10 });
  open("2001:db8:0:2::1");
  first?.();
  open("2001:db8:0:1::3");
});

test("two requests whose tokens are verified at the same time do not both get the last place", async () => {
  // Bug: the hub checked the limit when it verified the token, but counted the stream later, when the stream opened.
  // Promises ran in between.
  const clients = limitsWith({ each: { ...each, streams: 1 } });
  const resource: Resource = { path: "/slow", methods: { GET: () => Promise.resolve(emptyStream) } };
  const gateway = new Gateway({ corsOrigins: [], clients, resources: [resource] });
  const request = { ...from("198.51.100.9"), path: "/slow" };
  const answers = await Promise.all([gateway.handle(request), gateway.handle(request)]);
  const kinds = answers.map((answer) => {
    const reply =
      answer.kind === "stream"
        ? gateway.admit(request, answer, (stream) => stream.opened?.(() => undefined))
        : answer;
    return reply === undefined ? "stream" : reply.status;
  });
  expect(kinds).toEqual(["stream", 429]);
});

test("a stream that was let in and never opened counts for nothing", () => {
  const limits = limitsWith();
  for (let count = 0; count < 10; count += 1)
    expect(limits.admitStream(from("198.51.100.9"))).toBeInstanceOf(Function);
});

describe("an address", () => {
  const filters = { withoutPrefix: 2, alike: 1, expressions: 1, mixtures: 3, levels: 12, bytes: 33_000 };
  const limits = () => limitsWith({ each: { ...each, streams: 100, filters } });
  const mqtt = (...texts: string[]) => texts.map((text) => parseMqttFilter(text));
  /**
   * Fifty filters cost 16,250 bytes: the text, and 300 bytes for each filter. The next 21 filters cost 16,800 bytes.
   */
  const exact = (count: number) =>
    mqtt(...Array.from({ length: count }, (_, at) => `${at}`.padStart(at < 50 ? 25 : 500, "x")));
  const templates = (...texts: string[]) => texts.map((text) => parseTemplateFilter(text));
  const urls = (...texts: string[]) =>
    texts.map((text) => parseUrlPatternFilter(text, { baseUrl: "https://hub.example/" }));

  it.each([
    { what: "without a prefix", some: templates("{a}", "{b}"), more: templates("{c}") },
    { what: "that begin alike", some: templates("/a/{x}"), more: templates("/a/{y}") },
    { what: "with many parts", some: urls("*://*/*"), more: urls("*://*/:a/:b/:c/:d") },
    { what: "with a regular expression", some: urls("/a/(b|c)"), more: urls("/b/(b|c)") },
    { what: "that mix + and names anew", some: mqtt("a/+/b"), more: mqtt("+") },
    { what: "of many bytes", some: exact(50), more: exact(71).slice(50) },
    { what: "of many levels", some: mqtt("a/a/a/#", "b/b/b/#"), more: mqtt("c/c/c/#", "d/#") },
  ])("may hold so many filters $what, of all its streams together", ({ some, more }) => {
    const clients = limits();
    const open = (peer: string, wanted: readonly TopicFilter[]) => clients.admitStream(from(peer), wanted)();
    const [first, second] = [open("198.51.100.9", some), open("198.51.100.9", some)];
    const refused = refusal(() => open("198.51.100.9", more));
    expect(refused).toMatchObject({ code: "too-many-patterns", retryAfterSeconds: 10 });
    expect(
      refusal(() => open("198.51.100.10", more)),
      "another address",
    ).toBeUndefined();
    expect(
      refusal(() => open("127.0.0.1", [...some, ...more])),
      "a local address",
    ).toBeUndefined();
    first();
    expect(
      refusal(() => open("198.51.100.9", more)),
      "the other stream holds them still",
    ).toBeDefined();
    second();
    expect(refusal(() => open("198.51.100.9", more))).toBeUndefined();
  });

  it("may hold as many exact filters as there are bytes for, and patterns in as many places", () => {
    const clients = limits();
    const wanted = Array.from({ length: 100 }, (_, at) => mqtt(`a/${at}`)).flat();
    expect(refusal(() => clients.admitStream(from("198.51.100.9"), wanted)())).toBeUndefined();
    const places = templates("/a/{x}", "/b/{x}");
    expect(refusal(() => clients.admitStream(from("198.51.100.9"), places)())).toBeUndefined();
  });
});

test("local addresses have limits of their own", () => {
  const limits = limitsWith();
  const open = (peer: string, count: number) =>
    Array.from({ length: count }, () => limits.admitStream(from(peer))());
  expect(refusal(() => open("127.0.0.1", 3))).toBeUndefined();
  expect(refusal(() => open("127.0.0.1", 1))?.code).toBe("too-many-streams");
  expect(refusal(() => open("198.51.100.9", 3))?.code).toBe("too-many-streams");
});

test("behind a trusted proxy it is the client that is counted, not the proxy", () => {
  const limits = limitsWith();
  const open = (peer: string, client: string) => limits.admitStream(from(peer, client))();
  for (let client = 1; client < 10; client += 1) open("10.0.0.1", `198.51.100.${client}`);
  for (let client = 1; client < 4; client += 1) open("10.0.0.2", `198.51.100.${client}`);
  expect(refusal(() => open("10.0.0.2", "198.51.100.9"))?.code, "not trusted").toBe("too-many-streams");
});

test("a peer may have as many connections again as streams, or a hundred, whatever it says in a header", () => {
  const limits = limitsWith();
  const open = (peer: string, count: number) =>
    Array.from({ length: count }, () => limits.admitConnection(peer)).filter((ended) => ended !== undefined);
  const ends = open("198.51.100.9", 200);
  expect(ends).toHaveLength(102);
  for (const end of ends.slice(0, 5)) end();
  expect(open("198.51.100.9", 10)).toHaveLength(5);
  expect(open("198.51.100.10", 1), "another peer").toHaveLength(1);
});

test("an address counts once, until its last connection, stream and filter end", () => {
  const limits = limitsWith({ each: { ...each, filters: defaultFilterLimits } });
  const ends = [
    limits.admitConnection("198.51.100.9"),
    limits.admitConnection("198.51.100.9"),
    limits.admitStream(from("198.51.100.9"))(),
    () => release(filter),
  ];
  const filter = parseMqttFilter("a/+");
  const release = limits.holdFilters(from("198.51.100.9"), [filter]);
  const other = limits.admitStream(from("198.51.100.10"), [filter])();
  expect(limits.addresses).toBe(2);
  other();
  for (const end of ends) {
    expect(limits.addresses).toBe(1);
    end?.();
  }
  expect(limits.addresses).toBe(0);
});

test("an address that publishes too often is told how many seconds to wait", () => {
  const limits = limitsWith();
  expect(refusal(() => limits.admitPublish(from("198.51.100.9")))).toBeUndefined();
  const refused = refusal(() => limits.admitPublish(from("198.51.100.9")));
  expect(refused).toMatchObject({ code: "too-many-requests", retryAfterSeconds: 1 });
  expect(
    refusal(() => limits.admitPublish(from("198.51.100.10"))),
    "another address",
  ).toBeUndefined();
  clock.advance(1000);
  expect(refusal(() => limits.admitPublish(from("198.51.100.9")))).toBeUndefined();
});

test("an address asks at once as often as twice its streams, and so often a second from then on", () => {
  const limits = limitsWith({ each: { ...each, requestsPerSecond: 2, streams: 5 } });
  const ask = (count: number) =>
    refusal(() => {
      for (let n = 0; n < count; n += 1) limits.admitRequest(from("198.51.100.9"));
    });
  expect(ask(10)).toBeUndefined();
  expect(ask(1)).toMatchObject({ code: "too-many-requests", retryAfterSeconds: 1 });
  clock.advance(1000);
  expect(ask(2)).toBeUndefined();
  expect(ask(1)).toBeDefined();
});

test("10,000 clients behind one local proxy that lose their streams twice, and then find no hub every 5 s, are all let in", () => {
  const { limits: defaults } = loadConfig({ environment: {} });
  const limits = limitsWith({
    eachLocal: {
      streams: defaults.connectionsPerLocalAddress,
      publishesPerSecond: defaults.publishesPerLocalAddress,
      requestsPerSecond: defaults.requestsPerLocalAddress,
    },
  });
  const storm = () => {
    for (let client = 0; client < 10_000; client += 1) limits.admitRequest(from("10.0.0.2"));
  };
  expect(refusal(storm)).toBeUndefined();
  expect(refusal(storm)).toBeUndefined();
  for (let round = 0; round < 20; round += 1) {
    clock.advance(5000);
    expect(refusal(storm)).toBeUndefined();
  }
});

test("health checks are let in when their address has asked for too much, and everything else is not", () => {
  const clients = limitsWith({ eachLocal: { streams: 1, publishesPerSecond: 1, requestsPerSecond: 1 } });
  const resources = [
    healthResource(() => ({ journal: "up" })),
    { ...healthResource(() => ({ journal: "up" })), path: "/other", isUncounted: false },
  ];
  const gateway = new Gateway({ corsOrigins: [], clients, resources });
  const ask = (path: string, method = "GET") => gateway.handle(gatewayRequest({ path, method }));
  expect([ask("/other"), ask("/other", "HEAD"), ask("/other"), ask("/healthz")]).toMatchObject([
    { status: 200 },
    { status: 200 },
    { status: 429 },
    { status: 200 },
  ]);
});
