import { expect, it } from "vitest";
import { freshTopic } from "../../../contract/client.js";
import { parseResponse } from "../../../contract/http-text.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import { currentToken, detail, signCurrent } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { hubOfFile, publish, query, startHub } from "../../hub.js";
import { pathAt, subscriptionsAt, toldOf, watch, watcherOf } from "../../presence.js";

const hub = hubOfFile({ PHAROS_SUBSCRIPTIONS: "on" });
const uuid = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

box("current, Active subscriptions", "On every subscription create/terminate", () => {
  it("publishes an update of the type mercure to the subscription's own topic, its document", async () => {
    const watcher = await watch(hub(), "current");
    const topic = `${freshTopic()}?ü=%2F*`;
    const stream = await subscribe(hub(), `match=${encodeURIComponent(topic)}`);
    await toldOf(watcher, topic, 1);
    stream.close();
    const told = await toldOf(watcher, topic, 2);
    const subscriber = String(told[0]?.document["subscriber"]);
    const encoded = encodeURIComponent(topic).replaceAll("*", "%2A");
    const document = {
      id: `${pathAt(["exact"])}/${encoded}/${encodeURIComponent(subscriber)}`,
      type: "subscription",
      match_type: "exact",
      match: topic,
      subscriber,
    };
    expect(told).toEqual([
      { event: "mercure", document: { ...document, active: true } },
      { event: "mercure", document: { ...document, active: false } },
    ]);
  });

  it.each([
    ["match", "exact", "a"],
    ["match_exact", "exact", "a"],
    ["match_urlpattern", "urlpattern", "/a/:id"],
    ["match_mqtt", "mqtt", "a/+"],
    ["match", "exact", "*"],
    ["match_urlpattern", "urlpattern", "*"],
  ])("names for %s the type %s", async (name, type, match) => {
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    await subscribe(site, `${name}=${encodeURIComponent(match)}`);
    const watcher = await watcherOf("current");
    const stream = await subscribe(site, "match=*&last_event_id=earliest", watcher);
    const [told] = await toldOf(stream, match, 1);
    expect(told?.document).toMatchObject({ match_type: type, match });
  });

  it("goes to those alone whose token grants its topic", async () => {
    const [seen, hidden] = [freshTopic(), freshTopic()];
    const headers = bearer(
      await signCurrent({
        claims: {
          authorization_details: [
            {
              ...detail("subscribe", []),
              topics: [{ match: `${pathAt(["exact", seen])}/:id`, match_type: "urlpattern" }],
            },
          ],
        },
      }),
    );
    const watcher = await subscribe(hub(), "match=*", headers);
    const stranger = await subscribe(hub(), "match=*");
    await subscribe(hub(), `match=${hidden}`);
    await subscribe(hub(), `match=${seen}`);
    const documents = await toldOf(watcher, seen, 1);
    expect([documents.length, watcher.events.length, stranger.events.length]).toEqual([1, 1, 0]);
  });

  it("can be followed one by one: the topic of a subscription is its id", async () => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `match=${topic}`);
    const all = await watch(hub(), "current");
    const first = await subscribe(hub(), `match=${topic}`);
    const id = String((await toldOf(all, topic, 1))[0]?.document["id"]);
    const one = await subscribe(
      hub(),
      `match=${encodeURIComponent(id)}`,
      bearer(await currentToken({ subscribe: [id] })),
    );
    stream.close();
    first.close();
    const [told] = await toldOf(one, topic, 1);
    expect([told?.document, one.events.length]).toEqual([expect.objectContaining({ id, active: false }), 1]);
  });

  it("is no topic that publishers may use", async () => {
    const body = `topic=${encodeURIComponent(pathAt(["exact", "a", "urn:uuid:1"]))}&data={}`;
    expect((await publish(hub(), body)).status).toBe(400);
  });

  it("is nothing that a hub does which is not told to", async () => {
    const site = await startHub();
    const watcher = await watch(site, "current");
    const stream = await subscribe(site, "match=a");
    stream.close();
    await publish(site, "topic=end&data={}");
    await watcher.until("{}");
    expect(watcher.events).toHaveLength(1);
    expect((await subscriptionsAt(site, [], await watcherOf("current"))).status).toBe(404);
  });
});

box("current, Active subscriptions", "{subscriber}", () => {
  it("is a random UUID, the same for all matchers of a connection, another for each connection", async () => {
    const watcher = await watch(hub(), "current");
    const [a, b] = [freshTopic(), freshTopic()];
    await subscribe(hub(), `match=${a}&match=${b}`);
    await subscribe(hub(), `match=${a}`);
    const ids = async (topic: string, count: number): Promise<readonly unknown[]> =>
      (await toldOf(watcher, topic, count)).map(({ document }) => document["subscriber"]);
    const [first, second] = await ids(a, 2);
    expect(first).toMatch(uuid);
    expect(second).toMatch(uuid);
    expect(second).not.toBe(first);
    expect(await ids(b, 1)).toEqual([first]);
  });

  it("is not the client's to choose", async () => {
    const watcher = await watch(hub(), "current");
    const topic = freshTopic();
    await subscribe(hub(), `match=${topic}&subscriber=me`, { Subscriber: "me" });
    const [told] = await toldOf(watcher, topic, 1);
    expect(told?.document["subscriber"]).toMatch(uuid);
  });
});

box("current, Active subscriptions", "payload", () => {
  it.each([
    { name: "the first detail that matches", match: "news/1", payload: { first: true } },
    { name: "of a later one where the first does not match", match: "other", payload: { second: true } },
  ])("is that of the matcher as a topic: $name", async ({ match, payload }) => {
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    const watcher = await watch(site, "current");
    const authorization_details = [
      { ...detail("publish", ["*"]), payload: { publisher: true } },
      {
        ...detail("subscribe", []),
        topics: [{ match: "news/+", match_type: "mqtt" }],
        payload: { first: true },
      },
      { ...detail("subscribe", ["*"]), payload: { second: true } },
    ];
    const headers = bearer(await signCurrent({ claims: { authorization_details } }));
    await subscribe(site, `match=${match}`, headers);
    const [told] = await toldOf(watcher, match, 1);
    expect(told?.document["payload"]).toEqual(payload);
  });

  it("is absent where the token has none, and where there is no token", async () => {
    const watcher = await watch(hub(), "current");
    const topic = freshTopic();
    await subscribe(hub(), `match=${topic}`);
    await subscribe(hub(), `match=${topic}`, bearer(await currentToken({ subscribe: [topic] })));
    const told = await toldOf(watcher, topic, 2);
    expect(told.map(({ document }) => Object.hasOwn(document, "payload"))).toEqual([false, false]);
  });
});

box("current, Active subscriptions", "API", () => {
  it("lists all subscriptions, those of a matcher, and one", async () => {
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    const headers = await watcherOf("current");
    const watcher = await watch(site, "current");
    const watching = (await toldOf(watcher, "*", 1))[0]?.document;
    await subscribe(site, "match=a&match=b%2Fc");
    const [a] = await toldOf(watcher, "a", 1);
    const [b] = await toldOf(watcher, "b/c", 1);
    const read = async (...segments: string[]): Promise<unknown> =>
      JSON.parse((await subscriptionsAt(site, segments, headers)).body);
    const list = (id: string, ...subscriptions: unknown[]) => ({ id, type: "subscriptions", subscriptions });
    expect(await read()).toEqual(list(pathAt([]), watching, a?.document, b?.document));
    expect(await read("exact", "b/c")).toEqual(list(pathAt(["exact", "b/c"]), b?.document));
    expect(await read("exact", "nobody")).toEqual(list(pathAt(["exact", "nobody"])));
    expect(await read("exact", "a", String(a?.document["subscriber"]))).toEqual(a?.document);
  });

  it.each([
    { what: "without a token", headers: async () => ({}), status: 401, challenge: "Bearer" },
    {
      what: "with a bad token",
      headers: async () => bearer("a.b.c"),
      status: 401,
      challenge: 'Bearer error="invalid_token"',
    },
    {
      what: "with a token that grants another path",
      headers: async () => bearer(await currentToken({ subscribe: [pathAt([])] })),
      status: 403,
      challenge: 'Bearer error="insufficient_scope"',
    },
    {
      what: "with a token that grants publishing alone",
      headers: async () => bearer(await currentToken({ publish: ["*"] })),
      status: 403,
      challenge: 'Bearer error="insufficient_scope"',
    },
  ])("refuses who asks $what", async ({ headers, status, challenge }) => {
    const answer = await subscriptionsAt(hub(), ["exact", "a"], await headers());
    expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([status, challenge]);
  });

  it("grants a path without its query, however it is written", async () => {
    const headers = bearer(await currentToken({ subscribe: [pathAt(["exact", "a/b"])] }));
    for (const path of ["/exact/a%2Fb?x=1", "/%65xact/a%2fb"]) {
      const stream = await hub().connect();
      stream.write(
        `GET ${pathAt([])}${path} HTTP/1.1\r\nHost: a\r\nAuthorization: ${headers["Authorization"]}\r\n\r\n`,
      );
      const text = await stream.readUntil("subscriptions", { within: 10_000 });
      expect(text.split("\r\n")[0]).toBe("HTTP/1.1 200 OK");
    }
  });

  it.each([
    [404, ["exact", "a", "urn:uuid:none"]],
    [404, ["exact"]],
    [404, ["exact", "a", "b", "c"]],
    [404, [""]],
    [404, ["exact", ""]],
  ])("answers %i for %j", async (status, segments) => {
    expect((await subscriptionsAt(hub(), segments, await watcherOf("current"))).status).toBe(status);
  });

  it("answers 400 for a path that is no UTF-8, and 503 for a list that is too long", async () => {
    const site = await startHub({
      PHAROS_SUBSCRIPTIONS: "on",
      PHAROS_LIMITS_SUBSCRIPTION_LIST_BYTES: "65536",
    });
    const headers = await watcherOf("current");
    const watcher = await watch(site, "current");
    const topics = Array.from({ length: 99 }, (_, index) => `${index}/${"t".repeat(700)}`);
    await query(site, { body: [...topics, "last"].map((topic) => `match=${topic}`).join("&") });
    await toldOf(watcher, "last", 1);
    expect((await subscriptionsAt(site, ["exact", "last"], headers)).status).toBe(200);
    const long = await subscriptionsAt(site, [], headers);
    expect([long.status, JSON.parse(long.body)]).toEqual([
      503,
      expect.objectContaining({ title: "too-many-subscriptions" }),
    ]);
    const connection = await site.connect();
    connection.write(
      `GET ${pathAt([])}/%FF HTTP/1.1\r\nHost: a\r\nAuthorization: ${headers["Authorization"]}\r\n\r\n`,
    );
    await connection.readUntil((text) => parseResponse(text)?.status === 400, { within: 10_000 });
  });
});

box("current, Active subscriptions", "Content-Type", () => {
  it.each([[[]], [["exact", "a"]]])("is application/json at %j", async (segments) => {
    const answer = await subscriptionsAt(hub(), segments, await watcherOf("current"));
    expect(answer.headers.get("content-type")).toBe("application/json");
  });
});

box("current, Active subscriptions", "Every API response", () => {
  it("names the position from which events go on, and has it as its ETag", async () => {
    // This test has a separate hub, so that no subscription changes between two responses.
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    const headers = await watcherOf("current");
    const { body: id } = await publish(site, "topic=a");
    const answer = await subscriptionsAt(site, ["exact", "nobody"], headers);
    expect(answer.headers.get("link")).toBe(
      `</.well-known/mercure>; rel="mercure"; last-event-id="${id}"; type="mercure"; content-type="application/json"`,
    );
    expect(answer.headers.get("etag")).toBe(`"${id}"`);
    expect(answer.headers.get("cache-control")).toContain("must-revalidate");
    const given = (tags: string) =>
      subscriptionsAt(site, ["exact", "nobody"], { ...headers, "If-None-Match": tags });
    for (const tags of [`"${id}"`, `W/"${id}"`, `"x", "${id}"`, "*"]) {
      const again = await given(tags);
      expect([again.status, again.body, again.headers.get("etag")]).toEqual([304, "", `"${id}"`]);
    }
    for (const tags of ["", '"x"', '"*"', '*, "x"']) expect((await given(tags)).status).toBe(200);
  });

  it("404 is no answer that somebody has, whatever If-None-Match says", async () => {
    const headers = { ...(await watcherOf("current")), "If-None-Match": "*" };
    expect((await subscriptionsAt(hub(), ["exact", "a", "urn:uuid:none"], headers)).status).toBe(404);
  });

  it("names earliest before anything has happened", async () => {
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    const answer = await subscriptionsAt(site, [], await watcherOf("current"));
    expect(answer.headers.get("link")).toContain('last-event-id="earliest"');
  });

  it("is for pages of listed origins, Link included", async () => {
    const headers = { ...(await watcherOf("current")), Origin: "https://app.example" };
    const answer = await subscriptionsAt(hub(), [], headers);
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(answer.headers.get("access-control-expose-headers")?.split(", ")).toEqual(
      expect.arrayContaining(["ETag", "Link"]),
    );
  });
});
