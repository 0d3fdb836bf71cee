import { expect, it } from "vitest";
import { mercurePath } from "../../../../src/protocol.js";
import { ask, freshTopic, within } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import { bearer, post, subscribe } from "../../../contract/mercure-client.js";
import { currentToken } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, headerOf, hubOfFile, pageOrigin, publish, request, startHub } from "../../hub.js";

const hub = hubOfFile();

box("older", "SSE bytes", () => {
  it("are these and no others", async () => {
    const site = await startHub({ PHAROS_RETRY: "1500" });
    const stream = await subscribe(site, "topic=a&topic=/b/{c}");
    await publish(site, "topic=a&data=one%0D%0Atwo%0Dthree%0Afour&type=t&retry=2500&id=urn:1");
    const { body: second } = await publish(site, "topic=/b/c");
    await stream.connection.readUntil(`id: ${second}\ndata: \n\n`, { within });
    const [epoch] = second.split(":");
    expect(stream.body.replace(/^retry: (1[5-9]|2[0-2])\d\d$/m, "retry: MS")).toBe(
      [
        ':\n: pharos, topics ["a","/b/{c}"]\nretry: MS\n',
        `id: ${epoch}:0\n\n`,
        "event: t\nretry: 2500\nid: urn:1\ndata: one\ndata: two\ndata: three\ndata: four\n\n",
        `id: ${epoch}:2\ndata: \n\n`,
      ].join(""),
    );
  });

  it.each([
    ["nothing", "", "id: ID\ndata: \n\n"],
    ["empty data", "&data=", "id: ID\ndata: \n\n"],
    ["data", "&data=x", "id: ID\ndata: x\n\n"],
    ["a type", "&data=x&type=t", "event: t\nid: ID\ndata: x\n\n"],
    ["a retry", "&data=x&retry=1000", "retry: 1000\nid: ID\ndata: x\n\n"],
    ["both", "&type=t&retry=1000", "event: t\nretry: 1000\nid: ID\ndata: \n\n"],
    ["two lines", "&data=x%0Ay", "id: ID\ndata: x\ndata: y\n\n"],
  ])("of an update with %s", async (_name, fields, expected) => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `topic=${topic}`);
    const { body: id } = await publish(hub(), `topic=${topic}${fields}`);
    await dataBefore(hub(), stream, topic);
    expect(stream.body).toContain(`\n\n${expected.replace("ID", id)}`);
  });

  it("of a retained value and of a gap have the same order", async () => {
    const site = await startHub({ PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "1" });
    const token = bearer(await currentToken({ publish: ["*"] }));
    const headers = { ...token, Retain: "1", "Event-ID": "urn:kept", "Event-Type": "t" };
    await post(site, { path: "/publish/a", type: "text/plain", body: "kept", headers });
    const fresh = await subscribe(site, "topic=a");
    expect(fresh.body).toContain("\nevent: t\nid: urn:kept\ndata: kept\n\n");
    const late = await subscribe(site, "topic=a&lastEventID=urn:never");
    expect(late.body).toMatch(/\nevent: pharos-gap\nid: [^\n]+\ndata: \{[^\n]+\}\n\n/);
  });

  it("of a heartbeat begin with an empty comment", async () => {
    const site = await startHub({ PHAROS_HEARTBEAT: "0.05" });
    const stream = await subscribe(site, "topic=a");
    await stream.connection.readUntil(() => stream.body.includes("\n\n:\n"), { within });
    expect(stream.body).toContain("\n\n:\n");
  });

  it.each([
    ["Content-Type", "text/event-stream"],
    ["Cache-Control", "private, no-cache, no-store, no-transform, must-revalidate, max-age=0"],
    ["X-Accel-Buffering", "no"],
    ["Incremental", "?1"],
    ["Connection", "close"],
  ])("%s is %s", async (name, value) => {
    expect(headerOf(await subscribe(hub(), "topic=a"), name)).toBe(value);
  });
});

/** The parameters with which older and newer clients send their cursor. */
const cursorNames = ["lastEventID", "Last-Event-ID", "last_event_id"];

box("older", "Resume", () => {
  const rows: readonly (readonly [string, Readonly<Record<string, string>>, readonly string[]])[] = [
    ...cursorNames.map((name) => [`${name}=1`, {}, ["2", "3"]] as const),
    ["", { "Last-Event-ID": "1" }, ["2", "3"]],
    ...cursorNames.map((name) => [`${name}=1`, { "Last-Event-ID": "2" }, ["3"]] as const),
    ["last_event_id=1&lastEventID=2", {}, ["3"]],
    ["Last-Event-ID=1&lastEventID=2", {}, ["3"]],
    // The parameter that EventSourcePolyfill appends to the URL of the page.
    ["lastEventId=1", {}, ["2", "3"]],
    ["lastEventId=1&lastEventID=2", {}, ["3"]],
    ["lastEventID=1&lastEventId=2", {}, ["3"]],
    ["lasteventid=1", {}, ["2", "3"]],
  ];
  it.each(rows)("%s with %j brings %j", async (query, headers, expected) => {
    const topic = freshTopic();
    for (const n of [1, 2, 3]) await publish(hub(), `topic=${topic}&data=${n}&id=${n}/${topic}`);
    const named = (text: string): string => text.replaceAll(/\b\d\b/g, (n) => `${n}/${topic}`);
    const cursors = Object.entries(headers).map(([name, value]) => [name, named(value)]);
    const stream = await subscribe(hub(), `topic=${topic}&${named(query)}`, Object.fromEntries(cursors));
    expect(await dataBefore(hub(), stream, topic)).toEqual(expected);
  });
});

box("older", "Response header Last-Event-ID", () => {
  it.each([
    ["none", undefined, "PRESENT"],
    ["a known id", "1/TOPIC", "1/TOPIC"],
    ["the last id", "2/TOPIC", "2/TOPIC"],
    ["earliest", "earliest", "earliest"],
    ["an id that never was", "urn:never", "earliest"],
    ["an empty one", "", "earliest"],
  ])("for %s", async (_name, id, expected) => {
    const topic = freshTopic();
    for (const n of [1, 2]) await publish(hub(), `topic=${topic}&data=${n}&id=${n}/${topic}`);
    const { body: present } = await publish(hub(), `topic=${topic}`);
    const named = (text: string): string => text.replace("TOPIC", topic).replace("PRESENT", present);
    for (const name of cursorNames) {
      const query = id === undefined ? "" : `&${name}=${encodeURIComponent(named(id))}`;
      const stream = await subscribe(hub(), `topic=${topic}${query}`);
      const told = named(expected);
      expect(headerOf(stream, "Last-Event-ID")).toBe(told);
      expect(headerOf(stream, "Mercure-Last-Event-ID")).toBe(told);
    }
  });

  it("earliest brings all", async () => {
    const topic = freshTopic();
    for (const n of [1, 2]) await publish(hub(), `topic=${topic}&data=${n}`);
    const stream = await subscribe(hub(), `topic=${topic}&lastEventID=earliest`);
    const came = await dataBefore(hub(), stream, topic);
    expect(came.filter((data) => !data?.startsWith("{"))).toEqual(["1", "2"]);
  });
});

box("older", "CORS", () => {
  it("a preflight allows the methods and headers that clients use, with credentials", async () => {
    const headers = { Origin: pageOrigin, "Access-Control-Request-Method": "POST" };
    const answer = await ask(hub(), requestBytes({ method: "OPTIONS", path: mercurePath, headers }));
    const listed = (name: string): readonly string[] =>
      answer.headers.get(`access-control-allow-${name}`)?.toLowerCase().split(", ") ?? [];
    expect(listed("headers")).toEqual(
      expect.arrayContaining(["authorization", "cache-control", "last-event-id"]),
    );
    expect(listed("methods")).toEqual(expect.arrayContaining(["get", "post"]));
    expect(listed("credentials")).toEqual(["true"]);
    expect(listed("origin")).toEqual([pageOrigin]);
  });

  it.each(["Last-Event-ID", "Mercure-Last-Event-ID"])("pages may read %s", async (name) => {
    const { headers } = await request(hub(), "topic=a", { headers: { Origin: pageOrigin } });
    expect(headers.get("access-control-expose-headers")?.split(", ")).toContain(name);
  });
});

box("older", "Link attributes", () => {
  it.each(cursorNames)("the last-event-id of a publisher's link is good for %s", async (name) => {
    const topic = freshTopic();
    const { body } = await publish(hub(), `topic=${topic}&data=in+the+resource`);
    await publish(hub(), `topic=${topic}&data=later`);
    const stream = await subscribe(hub(), `topic=${topic}&${name}=${encodeURIComponent(body)}`);
    expect(await dataBefore(hub(), stream, topic)).toEqual(["later"]);
  });
});
