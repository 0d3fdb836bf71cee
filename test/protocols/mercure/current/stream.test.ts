import { expect, it } from "vitest";
import { ask, freshTopic, within } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import { bearer, post, subscribe } from "../../../contract/mercure-client.js";
import { mercurePath } from "../../../../src/protocol.js";
import { currentToken } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, headerOf, hubOfFile, pageOrigin, publish, request, startHub } from "../../hub.js";

const hub = hubOfFile();

box("current, Subscribe", "l.912: Response text/event-stream", () => {
  it("has exactly this type", async () => {
    const stream = await subscribe(hub(), "match=a");
    expect(headerOf(stream, "Content-Type")).toBe("text/event-stream");
  });

  it("is these bytes and no others", async () => {
    const site = await startHub({ PHAROS_RETRY: "1500" });
    const stream = await subscribe(site, "match=a&match_mqtt=b/%23");
    await publish(site, "topic=a&data=one%0D%0Atwo%0Dthree%0Afour&type=t&retry=2500&id=urn:1");
    const { body: second } = await publish(site, "topic=b/c");
    await stream.connection.readUntil(`id: ${second}\n`, { within });
    await stream.connection.readUntil("data: \n\n", { within });
    const [epoch] = second.split(":");
    expect(stream.body.replace(/^retry: (1[5-9]|2[0-2])\d\d$/m, "retry: MS")).toBe(
      [
        ': pharos, topics ["a","b/#"]\nretry: MS\n',
        `id: ${epoch}:0\n\n`,
        "id: urn:1\nevent: t\nretry: 2500\ndata: one\ndata: two\ndata: three\ndata: four\n\n",
        `id: ${epoch}:2\ndata: \n\n`,
      ].join(""),
    );
  });

  it.each([
    ["nothing", "", { data: "" }],
    ["data", "data=new+version", { data: "new version" }],
    ["an id", "id=own", { id: "own", data: "" }],
    ["a type", "type=news&data=x", { event: "news", data: "x" }],
    ["data in two lines", "data=a%0Ab", { data: "a\nb" }],
    ["data that looks like fields", "data=a%0A%0Aid: x%0Adata: y", { data: "a\n\nid: x\ndata: y" }],
  ])("brings %s that was published, and always an id", async (_name, fields, expected) => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `match=${topic}`);
    const unique = fields.replace("id=own", `id=${topic}`);
    const { body: id } = await publish(hub(), `topic=${topic}&${unique}`);
    await dataBefore(hub(), stream, topic);
    expect(stream.events[0]).toMatchObject({ ...expected, id });
  });

  it("has an id on retained values too, and then its position", async () => {
    const topic = freshTopic();
    const headers = {
      ...bearer(await currentToken({ publish: ["*"] })),
      Retain: "1",
      "Event-ID": `urn:${topic}`,
    };
    await post(hub(), { path: `/publish/${topic}`, type: "text/plain", body: "kept", headers });
    const stream = await subscribe(hub(), `match=${topic}`);
    await dataBefore(hub(), stream, topic);
    expect(stream.events[0]).toMatchObject({ data: "kept", id: `urn:${topic}` });
    for (const event of stream.events) expect(event.id).toBeDefined();
    expect(stream.lastId).toMatch(/^#/);
  });

  it("has an id on a gap, too", async () => {
    const site = await startHub({ PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "1" });
    const { body: first } = await publish(site, "topic=a&data=1");
    await publish(site, "topic=a&data=2");
    await publish(site, "topic=a&data=3");
    const stream = await subscribe(site, `match=a&last_event_id=${encodeURIComponent(first)}`);
    await stream.until("3");
    expect(stream.events.map(({ event, id }) => [event, typeof id])).toEqual([
      ["pharos-gap", "string"],
      [undefined, "string"],
    ]);
  });

  it("has comments as heartbeats", async () => {
    const site = await startHub({ PHAROS_HEARTBEAT: "0.05" });
    const stream = await subscribe(site, "match=a");
    await stream.connection.readUntil(() => stream.body.includes("\n\n:\nid: #"), { within });
    expect(stream.body).toMatch(/\n\n:\nid: #[^\n]+/);
  });
});

box("current, Subscribe", "Private updates never reach an unauthorised subscriber", () => {
  const rows: readonly (readonly [string, readonly string[] | undefined, boolean])[] = [
    ["no token", undefined, false],
    ["a token for nothing", [], false],
    ["a token for another topic", ["OTHER"], false],
    ["a token for the matcher, which is not the topic", ["contract/*"], false],
    ["a token for its topic", ["TOPIC"], true],
    ["a token for its second topic", ["ALTERNATE"], true],
    ["a token for every topic", ["*"], true],
  ];
  it.each(rows)("with %s: live and in replay", async (_name, grants, isRead) => {
    const topic = freshTopic();
    const named = (text: string): string =>
      text.replace("TOPIC", topic).replace("ALTERNATE", `${topic}/b`).replace("OTHER", `${topic}/c`);
    const headers = grants === undefined ? {} : bearer(await currentToken({ subscribe: grants.map(named) }));
    const { body: before } = await publish(hub(), `topic=${topic}`);
    const live = await subscribe(hub(), `match=${topic}`, headers);
    await publish(hub(), `topic=${topic}&topic=${topic}/b&private&data=secret`);
    expect(await dataBefore(hub(), live, topic)).toEqual(isRead ? ["secret"] : []);
    const replay = await subscribe(hub(), `match=${topic}`, { ...headers, "Last-Event-ID": before });
    await dataBefore(hub(), replay, topic);
    expect([live, replay].map(({ body }) => body.includes("secret"))).toEqual([isRead, isRead]);
  });
});

box("current, Subscribe", "l.199-207: CORS for browsers", () => {
  const allowed = { "access-control-allow-origin": pageOrigin, "access-control-allow-credentials": "true" };
  const none = { "access-control-allow-origin": undefined, "access-control-allow-credentials": undefined };
  const crossOrigin = (headers: ReadonlyMap<string, string>): unknown =>
    Object.fromEntries(Object.keys(none).map((name) => [name, headers.get(name)]));

  it.each([
    [pageOrigin, allowed],
    ["https://evil.example", none],
    ["https://app.example.evil.example", none],
    ["https://APP.example", none],
    ["http://app.example", none],
    ["https://app.example:8443", none],
    ["null", none],
    ["*", none],
  ])("a page of %s gets %j, on streams, publications and refusals", async (Origin, expected) => {
    const headers = { Origin };
    const stream = await request(hub(), "match=a", { headers });
    const token = bearer(await currentToken({ publish: ["*"] }));
    const published = await publish(hub(), "topic=a", { ...headers, ...token });
    const refused = await publish(hub(), "topic=a", headers);
    expect([stream.status, published.status, refused.status]).toEqual([200, 200, 401]);
    for (const answer of [stream, published, refused]) {
      expect(crossOrigin(answer.headers)).toEqual(expected);
      expect(answer.headers.get("vary")).toContain("Origin");
    }
  });

  it.each([
    [pageOrigin, true],
    ["https://evil.example", false],
  ])("a preflight of %s is told what it may send: %s", async (Origin, isAllowed) => {
    const headers = { Origin, "Access-Control-Request-Method": "POST" };
    const answer = await ask(hub(), requestBytes({ method: "OPTIONS", path: mercurePath, headers }));
    expect(answer.status).toBe(204);
    expect(crossOrigin(answer.headers)).toEqual(isAllowed ? allowed : none);
    const methods = answer.headers.get("access-control-allow-methods");
    const names = answer.headers.get("access-control-allow-headers");
    expect([methods, names].map((text) => text !== undefined)).toEqual([isAllowed, isAllowed]);
    if (!isAllowed) return;
    expect(methods?.split(", ")).toEqual(expect.arrayContaining(["GET", "POST", "QUERY"]));
    expect(names?.toLowerCase().split(", ")).toEqual(
      expect.arrayContaining(["authorization", "cache-control", "content-type", "last-event-id"]),
    );
  });

  it("nobody is let in where no origin is listed", async () => {
    const site = await startHub({ PHAROS_CORS_ORIGIN: "" });
    const answer = await request(site, "match=a", { headers: { Origin: pageOrigin } });
    expect(crossOrigin(answer.headers)).toEqual(none);
  });
});
