import { describe, expect, it } from "vitest";
import { mercurePath } from "../../../src/protocol.js";
import { bearer, headerOf, MercureWorld } from "../mercure/mercure-world.js";

type Headers = Readonly<Record<string, string>>;

async function post(
  world: MercureWorld,
  path: string,
  request: { readonly body?: string; readonly headers?: Headers } = {},
): Promise<{ readonly status: number; readonly body: unknown }> {
  const headers = { ...bearer("publish.ALL"), ...request.headers };
  const reply = await world.reply({ method: "POST", path, body: request.body ?? "", headers });
  return { status: reply.status, body: JSON.parse(reply.body.toString()) };
}

describe("one publication", () => {
  it("has its topic in the path, its data in the body and the rest in headers", async () => {
    const world = new MercureWorld();
    const headers = {
      "event-id": "i",
      "event-type": "t",
      "event-retry": "1500",
      retain: "true",
      private: "1",
    };
    const answer = await post(world, "/publish/news/sp%C3%B6rt/a%2Bb", { body: "héllo\n", headers });
    expect(answer).toEqual({ status: 200, body: { id: "i" } });
    expect(world.published).toEqual([
      {
        topics: ["news/spört/a+b"],
        data: "héllo\n",
        id: "i",
        type: "t",
        retryMs: 1500,
        retain: true,
        private: true,
      },
    ]);
  });

  it("of JSON is published as it was written", async () => {
    const world = new MercureWorld();
    const headers = { "content-type": "application/json; charset=utf-8" };
    expect((await post(world, "/publish/a", { body: '{ "b": 1 }', headers })).status).toBe(200);
    expect(world.published).toMatchObject([{ data: '{ "b": 1 }' }]);
    expect((await post(world, "/publish/a", { body: "{", headers })).status).toBe(400);
  });

  // Coded bytes were published as they were: subscribers got the bytes of a gzip file.
  it.each([
    ["Content-Encoding", "gzip"],
    ["Content-Encoding", "br"],
    ["Content-Encoding", "GZIP"],
    ["Content-Encoding", "identity, gzip"],
    ["Transfer-Encoding", "gzip, chunked"],
    ["Transfer-Encoding", "Deflate,chunked"],
  ])("with the %s %j gets 415", async (header, coding) => {
    const world = new MercureWorld();
    const headers = { ...bearer("publish.ALL"), [header.toLowerCase()]: coding };
    const reply = await world.reply({ method: "POST", path: "/publish/a", body: "x", headers });
    expect({ status: reply.status, accepted: headerOf(reply, "Accept-Encoding") }).toEqual({
      status: 415,
      accepted: "identity",
    });
    expect(JSON.parse(reply.body.toString())).toMatchObject({
      detail: `the body has the ${header} "${coding}"; send the body without a content coding`,
    });
    expect(world.published).toEqual([]);
  });

  it.each([
    ["content-encoding", "identity"],
    ["content-encoding", "Identity"],
    ["content-encoding", ""],
    ["transfer-encoding", "chunked"],
    ["transfer-encoding", "Chunked"],
  ])("with the %s %j is published", async (header, coding) => {
    const world = new MercureWorld();
    const answer = await post(world, "/publish/a", { body: "x", headers: { [header]: coding } });
    expect(answer.status).toBe(200);
  });

  it.each([
    ["/publish/", 400],
    ["/publish/%FF", 400],
    ["/publish/*", 400],
    ["/publish/%2F.well-known%2Fmercure", 400],
    ["/publish", 415],
  ])("to %s gets %i", async (path, status) => {
    const world = new MercureWorld();
    expect((await post(world, path)).status).toBe(status);
    expect(world.published).toEqual([]);
  });

  it("is not taken by a hub that stops, whose journal ends with it: the publisher is to try again", async () => {
    const world = new MercureWorld({ stopping: true });
    for (const path of ["/publish/a", "/publish", mercurePath]) {
      const reply = await world.reply({ method: "POST", path, headers: bearer("publish.ALL") });
      expect(reply.status).toBe(503);
      expect(headerOf(reply, "Retry-After")).toMatch(/^[12]$/);
    }
    expect(world.published).toEqual([]);
  });

  it("may have joiners in its topic, which Persian and emoji need, where the protocol's forms refuse them", async () => {
    const world = new MercureWorld();
    const topic = encodeURIComponent("می\u200cخواهم/👩\u200d🚒");
    expect((await post(world, `/publish/${topic}`)).status).toBe(200);
    expect((await world.publish(`topic=${topic}`)).status).toBe(400);
    expect((await world.publish(`topic=${topic}`, bearer("older.publish.ALL"))).status).toBe(400);
    expect(world.published).toHaveLength(1);
  });

  it("needs a token that grants the topic", async () => {
    const world = new MercureWorld();
    expect((await post(world, "/publish/a", { headers: bearer("publish.b") })).status).toBe(403);
    expect((await world.reply({ method: "POST", path: "/publish/a" })).status).toBe(401);
  });
});

describe("many publications", () => {
  const headers = { "content-type": "application/x-ndjson" };

  it("are published in order, and answered with their ids", async () => {
    const world = new MercureWorld();
    const body = '{"topic":"a","data":"1"}\n{"topic":["b","c"],"data":"2","id":"two"}\n';
    expect(await post(world, "/publish", { body, headers })).toEqual({
      status: 200,
      body: { ids: ["#e:1", "two"] },
    });
    expect(world.published.map(({ topics }) => topics)).toEqual([["a"], ["b", "c"]]);
  });

  it.each([
    '{"topic":"a","data":""}\n{"topic":"","data":""}',
    '{"topic":"a","data":""}\nnonsense',
    '{"topic":"a","data":""}\n{"topic":"a","data":"","retry":1}',
  ])("are published all or not at all: %s", async (body) => {
    const world = new MercureWorld();
    expect((await post(world, "/publish", { body, headers })).status).toBe(400);
    expect(world.published).toEqual([]);
  });

  it("are refused as a whole when the token does not grant one topic", async () => {
    const world = new MercureWorld();
    const body = '{"topic":"a","data":""}\n{"topic":"b","data":""}';
    const answer = await post(world, "/publish", { body, headers: { ...headers, ...bearer("publish.a") } });
    expect([answer.status, world.published]).toEqual([403, []]);
  });
});

describe("JSON", () => {
  const headers = { "content-type": "application/json; charset=utf-8" };

  it("may be one publication, whose data is any JSON, as written but for white space", async () => {
    const world = new MercureWorld();
    const body =
      '{ "topic": "a", "data": { "price": 12.40, "in": [1, 2] }, "type": "price", "retain": true }';
    const answer = await post(world, "/publish", { body, headers });
    expect(answer).toEqual({ status: 200, body: { id: "#e:1", ids: ["#e:1"] } });
    expect(world.published).toMatchObject([
      { topics: ["a"], data: '{"price":12.40,"in":[1,2]}', type: "price", retain: true },
    ]);
  });

  it("may be a list, which is published in order, and answered with the ids", async () => {
    const world = new MercureWorld();
    const body = '[{"topic":"a","data":"a text"}, {"topic":["b","c"],"data":7,"id":"two"}]';
    const answer = await post(world, "/publish", { body, headers });
    expect(answer).toEqual({ status: 200, body: { ids: ["#e:1", "two"] } });
    expect(world.published).toMatchObject([{ data: "a text" }, { topics: ["b", "c"], data: "7" }]);
  });

  const refused: readonly (readonly [body: string, status: number, detail: RegExp])[] = [
    ["", 400, /^the body is not JSON with at most 100 levels$/],
    ["{", 400, /^the body is not JSON with at most 100 levels$/],
    ["[".repeat(101) + "]".repeat(101), 400, /^the body is not JSON with at most 100 levels$/],
    ["7", 400, /^the body must be a publication \(an object\) or a list of publications, not a number$/],
    ["[]", 400, /^the list has no publication$/],
    ['{"topic":"a"}', 400, /^data is missing; for no data write "data": ""$/],
    ['[{"topic":"a","data":1},{"topic":"*","data":1}]', 400, /^publication 2: .*reserved/],
    ['[{"topic":"a","data":1},[]]', 400, /^publication 2: the JSON text must be an object, not a list$/],
    [
      '[{"topic":"a","data":1},{"topics":"a"}]',
      400,
      /^publication 2: "topics" is unknown; allowed are topic, data/,
    ],
    [
      `[${Array(1001).fill('{"topic":"a","data":1}').join()}]`,
      413,
      /^a request may have at most 1000 publications$/,
    ],
  ];

  it.each(refused.map(([body, ...expected]) => [body.slice(0, 60), { body, expected }] as const))(
    "is refused as a whole: %s",
    async (_, { body, expected: [status, detail] }) => {
      const world = new MercureWorld();
      const answer = await post(world, "/publish", { body, headers });
      expect(answer).toMatchObject({
        status,
        body: { detail: expect.stringMatching(detail) },
      });
      expect(world.published).toEqual([]);
    },
  );

  it("is refused as a whole if the token does not grant one topic", async () => {
    const world = new MercureWorld();
    const body = '[{"topic":"a","data":1},{"topic":"b","data":1}]';
    const answer = await post(world, "/publish", { body, headers: { ...headers, ...bearer("publish.a") } });
    expect([answer.status, world.published]).toEqual([403, []]);
  });

  it("of another type is refused with the types that are accepted", async () => {
    const world = new MercureWorld();
    const answer = await post(world, "/publish", { body: "{}", headers: { "content-type": "text/json" } });
    expect(answer).toMatchObject({
      status: 415,
      body: {
        detail: expect.stringMatching(
          /must be application\/json .*, application\/x-ndjson .* or application\/x-www-form-urlencoded .*not "text\/json"/,
        ),
      },
    });
  });

  it("is answered as the first request with its Idempotency-Key", async () => {
    const world = new MercureWorld();
    const request = { body: '{"topic":"a","data":1}', headers: { ...headers, "idempotency-key": "k" } };
    const first = await post(world, "/publish", request);
    expect(await post(world, "/publish", request)).toEqual(first);
    expect(world.published).toHaveLength(1);
  });
});

describe("a form at /publish", () => {
  const headers = { "content-type": "application/x-www-form-urlencoded" };

  it("is one publication with the fields of JSON", async () => {
    const world = new MercureWorld();
    const body = "topic=a%2Fb&topic=c&data=x+%26+y&id=i&type=t&retry=1500&retain=1&private=on";
    expect(await post(world, "/publish", { body, headers })).toEqual({
      status: 200,
      body: { id: "i", ids: ["i"] },
    });
    expect(world.published).toEqual([
      { topics: ["a/b", "c"], data: "x & y", id: "i", type: "t", retryMs: 1500, retain: true, private: true },
    ]);
  });

  it("without flags is neither stored nor private", async () => {
    const world = new MercureWorld();
    for (const body of ["topic=a&data=", "topic=a&data=&retain=false&private=0&retry=&id="])
      expect((await post(world, "/publish", { body, headers })).status).toBe(200);
    const publication = { topics: ["a"], data: "", retain: false, private: false };
    expect(world.published).toEqual([publication, publication]);
  });

  it.each([
    ["data=1", /^topic is missing; the form needs at least one topic$/],
    ["topic=a", /^data is missing; for no data write data=$/],
    ["", /^topic is missing/],
    ["topic=a&data=1&data=2", /^the form may have one data, not 2$/],
    ["topic=a&data=1&private=", /^private must be true or false, not ""$/],
    ["topic=a&data=1&retain=yes", /^retain must be true or false, not "yes"$/],
    ["topic=a&data=1&topics=b", /^the form's field "topics" is unknown; allowed are topic, data, id,/],
    // The type that curl sends with -d.
    ['{"topic":"a","data":"1"}', /is unknown; .*; JSON needs the Content-Type application\/json$/],
    ["topic=*&data=1", /reserved/],
    ["topic=%ff&data=1", /^the form holds invalid UTF-8$/],
  ])("is refused: %s", async (body, detail) => {
    const world = new MercureWorld();
    expect(await post(world, "/publish", { body, headers })).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(detail) },
    });
    expect(world.published).toEqual([]);
  });

  it("needs a token that grants all its topics", async () => {
    const world = new MercureWorld();
    const body = "topic=a&topic=b&data=1";
    const answer = await post(world, "/publish", { body, headers: { ...headers, ...bearer("publish.a") } });
    expect([answer.status, world.published]).toEqual([403, []]);
  });
});

describe("a repeat with the same Idempotency-Key", () => {
  const headers = { "idempotency-key": "k" };

  it("gets the first answer and publishes nothing, also while the first is under way", async () => {
    const world = new MercureWorld();
    const answers = await Promise.all([1, 2, 3].map(() => post(world, "/publish/a", { headers })));
    expect(answers.map(({ body }) => body)).toEqual([{ id: "#e:1" }, { id: "#e:1" }, { id: "#e:1" }]);
    expect(world.published).toHaveLength(1);
  });

  it("by another publisher is none, whether it may publish or not: it learns nothing of the first", async () => {
    const world = new MercureWorld();
    const by = (token: string) => ({ headers: { ...headers, ...bearer(token) } });
    expect((await post(world, "/publish/a", by("publish.a"))).body).toEqual({ id: "#e:1" });
    expect((await post(world, "/publish/a", by("subscribe.ALL"))).status).toBe(403);
    expect((await post(world, "/publish/b", by("publish.b"))).body).toEqual({ id: "#e:2" });
    expect((await post(world, "/publish/a", by("publish.a"))).body).toEqual({ id: "#e:1" });
  });

  it("gets the first answer of any way in: a form's too, whose key was once ignored", async () => {
    const world = new MercureWorld();
    const form = async (body: string, token = "publish.a") =>
      (await world.publish(body, { ...headers, ...bearer(token) })).body.toString();
    expect(await form("topic=a&data=1")).toBe("#e:1");
    expect(await form("topic=a&data=1")).toBe("#e:1");
    expect(
      (await post(world, "/publish/a", { headers: { ...headers, ...bearer("publish.a") } })).body,
    ).toEqual({
      id: "#e:1",
    });
    expect(world.published).toHaveLength(1);
    expect(await form("topic=b", "publish.b"), "another publisher").toBe("#e:2");
  });

  it.each(["", "k".repeat(257)])("is refused with the key %j at every way in", async (key) => {
    const world = new MercureWorld();
    const reply = await world.publish("topic=a", { "idempotency-key": key, ...bearer("publish.a") });
    expect(reply.status).toBe(400);
    expect((await post(world, "/publish/a", { headers: { "idempotency-key": key } })).status).toBe(400);
    expect(world.published).toEqual([]);
  });

  it("is tried anew when the first was refused", async () => {
    const world = new MercureWorld();
    expect((await post(world, "/publish/*", { headers })).status).toBe(400);
    expect((await post(world, "/publish/a", { headers })).body).toEqual({ id: "#e:1" });
  });
});
