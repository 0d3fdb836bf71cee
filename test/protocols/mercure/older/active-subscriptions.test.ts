import { expect, it } from "vitest";
import { freshTopic } from "../../../contract/client.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import { olderToken, signOlder } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { hubOfFile, publish, startHub } from "../../hub.js";
import { collection, pathAt, subscriptionsAt, toldOf, watch, watcherOf } from "../../presence.js";

const hub = hubOfFile({ PHAROS_SUBSCRIPTIONS: "on" });
const context = { "@context": "https://mercure.rocks/" };

box("older", "Subscription events", () => {
  it("are JSON-LD without an SSE type, one for each selector", async () => {
    const watcher = await watch(hub(), "older");
    const topic = `https://example.com/${freshTopic()}/{id}`;
    const token = await signOlder({ mercure: { subscribe: ["*"], payload: ["any", "JSON"] } });
    const stream = await subscribe(hub(), `topic=${encodeURIComponent(topic)}`, bearer(token));
    await toldOf(watcher, topic, 1);
    stream.close();
    const told = await toldOf(watcher, topic, 2);
    const subscriber = String(told[0]?.document["subscriber"]);
    const document = {
      ...context,
      id: pathAt([topic, subscriber]),
      type: "Subscription",
      subscriber,
      topic,
      payload: ["any", "JSON"],
    };
    expect(told).toEqual([
      { event: undefined, document: { ...document, active: true } },
      { event: undefined, document: { ...document, active: false } },
    ]);
  });

  it("are for those whose selector matches the topic of the older form", async () => {
    const topic = freshTopic();
    const selector = `${collection}/${encodeURIComponent(topic)}{/subscriber}`;
    const headers = bearer(await olderToken({ subscribe: [`${collection}{/topic}{/subscriber}`] }));
    const watcher = await subscribe(hub(), `topic=${encodeURIComponent(selector)}`, headers);
    await subscribe(hub(), `topic=${freshTopic()}`);
    await subscribe(hub(), `topic=${topic}`);
    await toldOf(watcher, topic, 1);
    expect(watcher.events).toHaveLength(1);
  });

  it("tell watchers of each form of subscribers of both", async () => {
    const [current, older] = [await watch(hub(), "current"), await watch(hub(), "older")];
    const [a, b] = [freshTopic(), `${freshTopic()}/{id}`];
    await subscribe(hub(), `topic=${a}&topic=${encodeURIComponent(b)}`);
    await subscribe(hub(), `match=${a}`);
    expect((await toldOf(older, a, 2)).map(({ document }) => document["topic"])).toEqual([a, a]);
    const types = (await toldOf(current, a, 2)).map(({ document }) => document["match_type"]);
    const [template] = await toldOf(current, b, 1);
    expect([...types, template?.document["match_type"]]).toEqual(["exact", "exact", "template"]);
  });
});

box("older", "Subscriptions API", () => {
  it("lists all subscriptions, those of a topic, and one, with the last event id", async () => {
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    const headers = bearer(
      await olderToken({ subscribe: ["*", "/.well-known/mercure/subscriptions{/topic}{/subscriber}"] }),
    );
    const watcher = await subscribe(site, "topic=*", headers);
    const plain = (document: object | undefined): object => ({ ...document, "@context": undefined });
    const watching = plain((await toldOf(watcher, "*", 1))[0]?.document);
    await subscribe(site, "topic=a&ignored");
    await subscribe(site, "topic=b");
    const a = plain((await toldOf(watcher, "a", 1))[0]?.document);
    const b = plain((await toldOf(watcher, "b", 1))[0]?.document);
    const lastEventID = watcher.lastId;
    const read = async (...segments: string[]): Promise<unknown> =>
      JSON.parse((await subscriptionsAt(site, segments, headers)).body);
    const list = (id: string, ...subscriptions: unknown[]) => ({
      ...context,
      id,
      type: "Subscriptions",
      lastEventID,
      subscriptions,
    });
    expect(await read()).toEqual(list(pathAt([]), watching, a, b));
    expect(await read("a")).toEqual(list(pathAt(["a"]), a));
    const subscriber = String((a as { subscriber?: unknown }).subscriber);
    expect(await read("a", subscriber)).toEqual({ ...a, ...context, lastEventID });
  });

  it("is application/ld+json with the last event id as its ETag, unquoted", async () => {
    // This test has a separate hub, so that no subscription changes between two responses.
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    const headers = await watcherOf("older");
    const { body: id } = await publish(site, "topic=a");
    const answer = await subscriptionsAt(site, ["nobody"], headers);
    expect(answer.headers.get("content-type")).toBe("application/ld+json");
    expect(answer.headers.get("etag")).toBe(id);
    const again = await subscriptionsAt(site, ["nobody"], { ...headers, "If-None-Match": id });
    expect([again.status, again.body]).toEqual([304, ""]);
  });

  it("says earliest before anything was dispatched", async () => {
    const site = await startHub({ PHAROS_SUBSCRIPTIONS: "on" });
    const answer = await subscriptionsAt(site, [], await watcherOf("older"));
    expect([JSON.parse(answer.body), answer.headers.get("etag")]).toEqual([
      expect.objectContaining({ lastEventID: "earliest", subscriptions: [] }),
      "earliest",
    ]);
  });

  it("takes the token in the query too", async () => {
    const token = await olderToken({ subscribe: [`${collection}{/topic}{/subscriber}`] });
    const stream = await hub().connect();
    stream.write(`GET ${collection}/a?authorization=${token} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(await stream.readUntil("Subscriptions", { within: 10_000 })).toContain("HTTP/1.1 200 OK");
  });

  it.each([
    { what: "no token", headers: async () => ({}), segments: [], status: 401 },
    {
      what: "a token for other topics",
      headers: async () => bearer(await olderToken({ subscribe: ["https://example.com/{any}"] })),
      segments: ["a"],
      status: 403,
    },
    {
      what: "a subscription that is not there",
      headers: () => watcherOf("older"),
      segments: ["a", "urn:uuid:none"],
      status: 404,
    },
    { what: "a path that ends in a slash", headers: () => watcherOf("older"), segments: [""], status: 404 },
    {
      what: "a path of the other form",
      headers: () => watcherOf("older"),
      segments: ["a", "b", "c"],
      status: 404,
    },
  ])("refuses $what with $status", async ({ headers, segments, status }) => {
    expect((await subscriptionsAt(hub(), segments, await headers())).status).toBe(status);
  });
});
