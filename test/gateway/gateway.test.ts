import { describe, expect, it, vi } from "vitest";
import { LocalTicket } from "../../src/delivery/joining/local-ticket.js";
import { PharosError } from "../../src/base/errors.js";
import { eventStreamResource } from "../../src/protocols/pharos/esupdates.js";
import { Gateway } from "../../src/gateway/gateway.js";
import type { GatewayOptions } from "../../src/gateway/gateway.js";
import { encodeStreamHead } from "../../src/gateway/http/response-head.js";
import { healthResource } from "../../src/protocols/pharos/health.js";
import { emptyReply } from "../../src/gateway/http/replies.js";
import type { Resource } from "../../src/gateway/http/resource.js";
import type { Reply, StreamStart } from "../../src/gateway/http/messages.js";
import { Authenticator } from "../../src/gateway/access/authenticator.js";
import { olderRequest } from "./request.js";

function createGateway(options: Partial<GatewayOptions> = {}): Gateway {
  const streams = { retryMs: () => 5000, heartbeatMs: 15_000, filtersPerConnection: 3, filterBytes: 32 };
  const authenticator = new Authenticator({ verifier: undefined, anonymous: true, publishOrigins: [] });
  const history = { head: 7, idAt: (offset: number) => `#e:${offset}` };
  const resources = [
    eventStreamResource({ streams, authenticator, history }),
    healthResource(() => ({ streams: 7, journal: "up" })),
  ];
  return new Gateway({ corsOrigins: [], resources, ...options });
}

function streamOf(gateway: Gateway, request: Parameters<typeof olderRequest>[0] = {}): StreamStart {
  const answer = gateway.handle(olderRequest(request));
  if (answer instanceof Promise) throw new Error("nothing had to be waited for");
  if (answer.kind !== "stream") throw new Error(`refused with ${answer.status}: ${answer.body.toString()}`);
  return answer;
}

function replyOf(gateway: Gateway, request: Parameters<typeof olderRequest>[0]): Reply {
  const answer = gateway.handle(olderRequest(request));
  if (answer instanceof Promise) throw new Error("nothing had to be waited for");
  if (answer.kind !== "reply") throw new Error("a stream was opened");
  return answer;
}

const joiningOf = ({ ticket }: StreamStart) => LocalTicket.read(ticket);

const titleOf = (reply: Reply): unknown => (JSON.parse(reply.body.toString()) as { title: unknown }).title;

describe("a stream", () => {
  it("subscribes to broadcast when no filter is named", () => {
    const { subscription } = joiningOf(streamOf(createGateway()));
    expect(subscription.filters).toEqual([{ kind: "exact", text: "broadcast", topic: "broadcast" }]);
  });

  it("subscribes to each filter once, however often it is named", () => {
    const start = streamOf(createGateway(), { query: "topic=a&topic=b/+&topic=a&topic=a" });
    expect(joiningOf(start).subscription.filters.map(({ text }) => text)).toEqual(["a", "b/+"]);
    expect(start.opening.toString()).toBe(`: pharos, topics ["a","b/+"]\nretry: 5000\n`);
  });

  it("tells topics, and how often it sends heartbeats, where that is asked for", () => {
    const start = streamOf(createGateway(), { query: "topic=a&show=topics" });
    expect(joiningOf(start).subscription.format.name).toBe("event-stream-topics");
    expect(start.opening.toString()).toBe('heartbeat: 15000\n: pharos, topics ["a"]\nretry: 5000\n');
    const hats = streamOf(createGateway(), { query: "show=hats" });
    expect(joiningOf(hats).subscription.format.name).toBe("event-stream-events");
  });

  // Clients of others call their handler at every empty line: a page that parses JSON then fails at a position.
  it.each([
    [{}, "event-stream-events"],
    [{ headers: { "cache-control": "max-age=0" } }, "event-stream-events"],
    [{ headers: { "cache-control": "no-cache" } }, "event-stream"],
    [{ headers: { "cache-control": "max-age=0, No-Cache" } }, "event-stream"],
    [{ query: "show=positions" }, "event-stream"],
    [{ query: "show=positions&show=topics" }, "event-stream-topics"],
  ])("of %j has the format %s", (given, name) => {
    expect(joiningOf(streamOf(createGateway(), given)).subscription.format.name).toBe(name);
  });

  it("has its first position in a header, unless the client has one", () => {
    const headerOf = (query: string): string | undefined =>
      new Map(streamOf(createGateway(), { query }).headers).get("Last-Event-ID");
    expect(headerOf("topic=a")).toBe("#e:7");
    expect(headerOf("topic=a&last_event_id=%23e%3A3")).toBeUndefined();
  });

  it("quotes a filter in the comment so that it can neither end the line nor pass for a field", () => {
    const { opening } = streamOf(createGateway(), { query: "topic=%22%5D%E2%80%A8" });
    expect(opening.toString().split("\n")).toEqual([`: pharos, topics ["\\"]\u2028"]`, "retry: 5000", ""]);
  });

  it.each([
    { given: {}, expected: undefined },
    { given: { headers: { "last-event-id": "h" }, query: "last_event_id=q" }, expected: "h" },
    { given: { headers: { "last-event-id": "" }, query: "last_event_id=q" }, expected: "q" },
    { given: { query: "last_event_id=a%20b%2Bc+d" }, expected: "a b+c d" },
    { given: { headers: { "last-event-id": "" }, query: "last_event_id=" }, expected: undefined },
    { given: { query: "last_event_id=page&lastEventId=library" }, expected: "library" },
    { given: { query: "Last-Event-Id=library&lastEventId=" }, expected: "library" },
    ...["lastEventId", "lastEventID", "Last-Event-ID", "last-event-id", "lasteventid"].map((name) => ({
      given: { query: `${name}=%23e%3A3` },
      expected: "#e:3",
    })),
  ])("resumes from $expected for $given", ({ given, expected }) => {
    expect(joiningOf(streamOf(createGateway(), given)).lastEventId).toBe(expected);
  });

  it("ends with its connection, which the headers of HEAD do not say", () => {
    const gateway = createGateway();
    expect(encodeStreamHead(streamOf(gateway)).toString()).toContain("\r\nConnection: close\r\n\r\n");
    const head = replyOf(gateway, { method: "HEAD" });
    expect(head.headers.map(([name]) => name)).not.toContain("Connection");
    expect(head).toMatchObject({ status: 200, contentLength: undefined, body: Buffer.alloc(0) });
  });

  it("is opened before its admission returns", () => {
    const gateway = createGateway();
    const start = streamOf(gateway);
    const open = vi.fn();
    expect(gateway.admit(olderRequest({}), start, open)).toBeUndefined();
    expect(open).toHaveBeenCalledExactlyOnceWith({ ...start, topics: 1 });
    const failed = new Error("no such cohort");
    const fail = () => {
      throw failed;
    };
    expect(() => gateway.admit(olderRequest({}), start, fail)).toThrow(failed);
  });

  it("is refused when there is no room, whatever the method", () => {
    const checkRoom = () => {
      throw new PharosError("too-many-connections", "full");
    };
    const gateway = createGateway({ checkRoom });
    const open = vi.fn();
    expect(gateway.admit(olderRequest({}), streamOf(gateway), open)).toMatchObject({ status: 503 });
    expect(open).not.toHaveBeenCalled();
    expect(replyOf(gateway, { method: "HEAD" }).status).toBe(503);
    expect(replyOf(gateway, { path: "/healthz" }).status).toBe(200);
  });

  it.each([
    { query: "topic=a&topic=b&topic=c&topic=d", title: "bad-filter" },
    { query: `topic=${"a".repeat(33)}`, title: "bad-filter" },
    { query: "topic=a%23", title: "bad-filter" },
    { query: "topic=%", title: "bad-request" },
    { query: "%c3=a", title: "bad-request" },
  ])("is refused for the query $query", ({ query, title }) => {
    const reply = replyOf(createGateway(), { query });
    expect({ status: reply.status, title: titleOf(reply) }).toEqual({ status: 400, title });
  });
});

describe("other requests", () => {
  it("are told the health with what the application adds", () => {
    const reply = replyOf(createGateway(), { path: "/healthz" });
    expect(JSON.parse(reply.body.toString())).toEqual({ status: "ok", streams: 7, journal: "up" });
  });

  it("are told that the hub stores nothing, with a status that keeps its streams", () => {
    const resources = [healthResource(() => ({ journal: "full" }))];
    const reply = replyOf(new Gateway({ corsOrigins: [], resources }), { path: "/healthz" });
    expect(reply.status).toBe(200);
    expect(JSON.parse(reply.body.toString())).toEqual({ status: "degraded", journal: "full" });
  });

  it.each(["", "/", "/esupdates/", "/ESUPDATES", "/esupdates/../esupdates", "*", "/__proto__"])(
    "get 404 at %s",
    (path) => {
      expect(replyOf(createGateway(), { path }).status).toBe(404);
    },
  );

  it("get 404 before 405: what is not there takes no method", () => {
    expect(replyOf(createGateway(), { method: "POST", path: "/missing" }).status).toBe(404);
  });

  it.each(["POST", "get", "", "JSON", "WEBSOCKET", "constructor"])("get 405 for the method %j", (method) => {
    const reply = replyOf(createGateway(), { method });
    expect(reply.status).toBe(405);
    expect(reply.headers).toContainEqual(["Allow", "GET, HEAD, OPTIONS"]);
  });

  it.each([{ path: "/missing" }, { query: "topic=" }])(
    "get no body for HEAD with %j, but its length",
    (request) => {
      // Bug: behind Mongrel2, the hub sent a body in response to HEAD, and the client read the body as the next
      // response.
      const gateway = createGateway();
      const [get, head] = [replyOf(gateway, request), replyOf(gateway, { ...request, method: "HEAD" })];
      expect(head).toEqual({ ...get, body: Buffer.alloc(0) });
      expect(head.contentLength).toBe(get.body.length);
    },
  );

  it("are refused by a front in the gateway's words, without a body for HEAD", () => {
    const gateway = createGateway();
    const error = new PharosError("too-large", "too much");
    expect(gateway.refuse(olderRequest({}), error).body.toString()).toContain("too much");
    expect(gateway.refuse(olderRequest({ method: "HEAD" }), error).body).toHaveLength(0);
    expect(gateway.refuse(undefined, error).status).toBe(413);
  });

  it("never throw, and a fault of the hub is not told to the client", () => {
    const failing = () => {
      throw new Error("secret: /etc/passwd");
    };
    const gateway = new Gateway({ corsOrigins: [], resources: [healthResource(failing)] });
    const reply = replyOf(gateway, { path: "/healthz" });
    expect(reply.status).toBe(500);
    expect(reply.body.toString()).not.toContain("secret");
  });

  it("may take their time, and fail later, without a promise that rejects", async () => {
    const later: Resource = {
      path: "/later",
      below: true,
      methods: {
        GET: () => Promise.resolve(emptyReply(204)),
        POST: async (request) => {
          throw new PharosError("too-large", (await request.body()).toString());
        },
      },
    };
    const gateway = new Gateway({ corsOrigins: ["https://a"], resources: [later] });
    const headers = { origin: "https://a" };
    const taken = gateway.handle(olderRequest({ path: "/later/on", headers }));
    expect(taken).toBeInstanceOf(Promise);
    expect(gateway.unanswered).toBe(1);
    expect((await taken).headers).toContainEqual(["Access-Control-Allow-Origin", "https://a"]);
    const refused = await gateway.handle(olderRequest({ method: "POST", path: "/later", body: "much" }));
    expect(refused).toMatchObject({ status: 413 });
    expect(gateway.unanswered).toBe(0);
    const put = await gateway.handle(olderRequest({ method: "PUT", path: "/later" }));
    expect(put.headers).toContainEqual(["Allow", "GET, HEAD, POST, OPTIONS"]);
  });
});
