import { expect, it } from "vitest";
import type { ClientStream } from "../../../contract/client.js";
import { freshTopic } from "../../../contract/client.js";
import type { Headers } from "../../../contract/mercure-client.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import { currentToken } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, headerOf, hubOfFile, pageOrigin, publish, request, startHub } from "../../hub.js";

const hub = hubOfFile();

/** Creates a topic with three publications. Their data are 1, 2 and 3; each id ends in the name of the topic. */
async function topicOfThree(): Promise<string> {
  const topic = freshTopic();
  for (const n of [1, 2, 3]) await publish(hub(), `topic=${topic}&data=${n}&id=${n}/${topic}`);
  return topic;
}

/** The value of both headers, which must be the same. */
function toldId(stream: ClientStream): string | undefined {
  expect(headerOf(stream, "Last-Event-ID")).toBe(headerOf(stream, "Mercure-Last-Event-ID"));
  return headerOf(stream, "Mercure-Last-Event-ID");
}

/** For an unknown cursor the stream begins with a gap, whose data is JSON. */
const withoutGaps = (data: readonly (string | undefined)[]): readonly (string | undefined)[] =>
  data.filter((each) => !each?.startsWith("{"));

box("current, Resume", "Accept Last-Event-ID", () => {
  const rows: readonly (readonly [string, Headers, readonly string[]])[] = [
    ["", {}, []],
    ["last_event_id=1", {}, ["2", "3"]],
    ["", { "Last-Event-ID": "1" }, ["2", "3"]],
    ["last_event_id=2", { "Last-Event-ID": "1" }, ["2", "3"]],
    ["last_event_id=1", { "Last-Event-ID": "2" }, ["3"]],
    ["last_event_id=1&last_event_id=2", {}, ["3"]],
    ["lastEventId=2&last_event_id=1", {}, ["2", "3"]],
    ["last_event_id=1", { "Last-Event-ID": "" }, ["2", "3"]],
    ["last_event_id=3", {}, []],
    ["Last_Event_ID=1", {}, ["2", "3"]],
    ["lastEventID=1", {}, ["2", "3"]],
  ];
  it.each(rows)("%j with %j brings %j", async (query, headers, expected) => {
    const topic = await topicOfThree();
    const named = (text: string): string => text.replaceAll(/\b(\d)\b/g, (n) => `${n}/${topic}`);
    const cursors = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, named(value)]));
    const stream = await subscribe(hub(), `match=${topic}&${named(query)}`, cursors);
    expect(await dataBefore(hub(), stream, topic)).toEqual(expected);
  });

  it("as UTF-8, in a header and in a query", async () => {
    const topic = freshTopic();
    await publish(hub(), `topic=${topic}&id=${encodeURIComponent(`zwölf/${topic}`)}`);
    await publish(hub(), `topic=${topic}&data=next`);
    const id = `zwölf/${topic}`;
    for (const [query, headers] of [
      [`&last_event_id=${encodeURIComponent(id)}`, {}],
      ["", { "Last-Event-ID": Buffer.from(id).toString("latin1") }],
    ] as const) {
      const stream = await subscribe(hub(), `match=${topic}${query}`, headers);
      expect((await dataBefore(hub(), stream, topic))[0]).toBe("next");
      expect(Buffer.from(toldId(stream) ?? "", "latin1").toString()).toBe(id);
    }
  });
});

box("current, Resume", "l.951-968: Mercure-Last-Event-ID", () => {
  it.each([
    ["no cursor", undefined, "PRESENT"],
    ["the first id", "1/TOPIC", "1/TOPIC"],
    ["the last id", "3/TOPIC", "3/TOPIC"],
    ["earliest", "earliest", "earliest"],
    ["an empty cursor", "", "earliest"],
    ["an id that never was", "urn:never", "earliest"],
    ["a position of another run", "#AAAAAAAA:1", "earliest"],
    ["a position that is yet to come", "POSITION9", "earliest"],
    ["what would be a header of its own", "a\r\nX: y", "earliest"],
  ])("%s", async (_name, id, expected) => {
    const topic = await topicOfThree();
    const { body } = await publish(hub(), `topic=${topic}`);
    const named = (text: string): string =>
      text.replace("TOPIC", topic).replace("POSITION", body).replace("PRESENT", body);
    const query = id === undefined ? "" : `&last_event_id=${encodeURIComponent(named(id))}`;
    const stream = await subscribe(hub(), `match=${topic}${query}`);
    expect(toldId(stream)).toBe(named(expected));
    expect(headerOf(stream, "X")).toBeUndefined();
  });

  it("is a position, where the client had come so far", async () => {
    const topic = freshTopic();
    const { body } = await publish(hub(), `topic=${topic}`);
    const stream = await subscribe(hub(), `match=${topic}`, { "Last-Event-ID": body });
    expect(toldId(stream)).toBe(body);
  });

  it.each(["earliest", "urn:never"])("of %s in a hub without history is earliest", async (id) => {
    const site = await startHub();
    expect(toldId(await subscribe(site, `match=a&last_event_id=${id}`))).toBe("earliest");
  });

  it("of a discarded id is earliest, and everything that is there comes", async () => {
    const site = await startHub({ PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "2" });
    for (const n of [1, 2, 3, 4]) await publish(site, `topic=a&data=${n}&id=urn:${n}`);
    const stream = await subscribe(site, "match=a&last_event_id=urn:1");
    expect(toldId(stream)).toBe("earliest");
    expect(withoutGaps(await dataBefore(site, stream, "a"))).toEqual(["3", "4"]);
  });

  it("of an id behind which only what is not asked for was lost is that id", async () => {
    const site = await startHub({ PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "1" });
    const { body } = await publish(site, "topic=a&data=1");
    for (const n of [2, 3]) await publish(site, `topic=a&data=${n}`);
    expect(toldId(await subscribe(site, "match=b", { "Last-Event-ID": body }))).toBe(body);
    expect(toldId(await subscribe(site, "match=a", { "Last-Event-ID": body }))).toBe("earliest");
  });

  it("is told to HEAD too", async () => {
    const topic = await topicOfThree();
    const { headers } = await request(hub(), `match=${topic}&last_event_id=1/${topic}`, { method: "HEAD" });
    expect(headers.get("mercure-last-event-id")).toBe(`1/${topic}`);
  });
});

box("current, Resume", "earliest, duplicate ids", () => {
  it("earliest brings everything, in order", async () => {
    const topic = await topicOfThree();
    const stream = await subscribe(hub(), `match=${topic}&last_event_id=earliest`);
    expect(withoutGaps(await dataBefore(hub(), stream, topic))).toEqual(["1", "2", "3"]);
  });

  it.each([
    ["once more", ["ID", "ID"], ["2"]],
    ["with another between", ["ID", "", "ID", ""], ["2", "3", "4"]],
    ["thrice", ["ID", "ID", "ID"], ["2", "3"]],
  ])("an id used %s stands for its earliest publication", async (_name, ids, expected) => {
    const topic = freshTopic();
    for (const [index, id] of ids.entries())
      await publish(hub(), `topic=${topic}&data=${index + 1}&id=${id.replace("ID", topic)}`);
    const stream = await subscribe(hub(), `match=${topic}&last_event_id=${topic}`);
    expect(toldId(stream)).toBe(topic);
    expect(await dataBefore(hub(), stream, topic)).toEqual(expected);
  });
});

box("current, Resume", "Re-check authorisation of every replayed private event", () => {
  it.each([
    ["the same token", ["A", "B"], ["public", "a", "b"]],
    ["one that grants less", ["A"], ["public", "a"]],
    ["one that grants something else", ["C"], ["public"]],
    ["none", undefined, ["public"]],
  ])("a client that comes back with %s", async (_name, grants, expected) => {
    const own = freshTopic();
    const named = (names: readonly string[]): readonly string[] => names.map((name) => `${own}/${name}`);
    const first = await subscribe(
      hub(),
      `match_mqtt=${own}/%23`,
      bearer(await currentToken({ subscribe: named(["A", "B"]) })),
    );
    const cursor = first.lastId ?? "";
    await publish(hub(), `topic=${own}/C&data=public`);
    for (const name of ["A", "B"])
      await publish(hub(), `topic=${own}/${name}&data=${name.toLowerCase()}&private`);
    expect(await dataBefore(hub(), first, own)).toEqual(["public", "a", "b"]);
    const token = grants === undefined ? {} : bearer(await currentToken({ subscribe: named(grants) }));
    const again = await subscribe(hub(), `match_mqtt=${own}/%23`, { ...token, "Last-Event-ID": cursor });
    const came = await dataBefore(hub(), again, own);
    expect(came.filter((data) => !data?.startsWith("end/"))).toEqual(expected);
  });

  it("a private publication's id is a cursor for those alone who may read it", async () => {
    const topic = freshTopic();
    await publish(hub(), `topic=${topic}&private&id=urn:${topic}`);
    const told = async (headers: Headers): Promise<string | undefined> =>
      toldId(await subscribe(hub(), `match=${topic}&last_event_id=urn:${topic}`, headers));
    expect(await told(bearer(await currentToken({ subscribe: [topic] })))).toBe(`urn:${topic}`);
    expect(await told(bearer(await currentToken({ subscribe: ["other"] })))).toBe("earliest");
    expect(await told({})).toBe("earliest");
  });
});

box("current, Resume", "Expose the header, tell the gap", () => {
  it.each(["Mercure-Last-Event-ID", "Last-Event-ID", "Link"])("pages may read %s", async (name) => {
    const { headers } = await request(hub(), "match=a", { headers: { Origin: pageOrigin } });
    expect(headers.get("access-control-expose-headers")?.split(", ")).toContain(name);
  });

  it.each([
    ["an id that never was", "urn:never", "unknown-id"],
    ["a position of another run", "#AAAAAAAA:1", "other-epoch"],
    ["a discarded position", "POSITION", "evicted"],
  ])("for %s the first event is a gap with its reason", async (_name, id, reason) => {
    const site = await startHub({ PHAROS_LIMITS_HISTORY_TOPIC_EVENTS: "1" });
    const { body } = await publish(site, "topic=a&data=1");
    for (const n of [2, 3]) await publish(site, `topic=a&data=${n}`);
    const cursor = encodeURIComponent(id.replace("POSITION", body));
    const stream = await subscribe(site, `match=a&last_event_id=${cursor}`);
    await dataBefore(site, stream, "a");
    const [gap, ...others] = stream.events;
    expect(gap?.event).toBe("pharos-gap");
    expect(JSON.parse(gap?.data ?? "")).toMatchObject({ reason });
    expect(others[0]?.data).toBe("3");
  });
});
