import { describe, expect, it } from "vitest";
import { PushStreamWorld, headersOf, messagesOf, textsOf } from "../push-stream-world.js";
import { at, atOnce, past, quoted } from "./past-messages.js";

describe("a cursor that the hub cannot read", () => {
  const all = ["1", "2", "4", "5"];

  // Bug: a cursor that the hub could not read counted as none. The client lost messages, and got no gap.
  it.each([
    ["time=garbage", "unknown-id"],
    ["time=garbage&tag=1", "unknown-id"],
    ["time=1767225600&tag=1", "unknown-id"],
    ["time=2026-01-01", "unknown-id"],
    ["tag=3", "unknown-id"],
    [`time=${quoted(at(0))}&tag=x`, "unknown-id"],
    ["eventid=nobody", "unknown-id"],
    ["lastEventId=nobody", "unknown-id"],
    ["eventid=%23AAAAAAAA%3A1", "other-epoch"],
    [`time=${quoted(at(-60))}&tag=1`, "other-epoch"],
    // Bug: the hub took the stamp of a message that it did not have for that of its newest message, and told no gap.
    [`time=${quoted(at(86_400))}&tag=1`, "unknown-id"],
    [`time=${quoted(at(3))}&tag=99`, "unknown-id"],
  ])("%s is told as a gap of %s, in every mode", async (query, reason) => {
    expect(await atOnce("a", query)).toEqual(all);
    const world = past();
    const poll = await world.ask({ path: "/lp/a", query });
    expect(headersOf(poll).get("x-pharos-gap")).toBe(reason);
    for (const path of ["/ev/a", "/sub/a"]) {
      const { text } = await world.open({ path, query });
      expect(decodeURIComponent(text.replaceAll("%", "%25").replaceAll("%25", "%"))).toContain(reason);
    }
    const socket = await world.openSocket({ path: "/ws/a", query });
    expect(socket.messages.filter(({ id }) => id === -4).map(({ text }) => decodeURIComponent(text))).toEqual(
      [expect.stringContaining(`"reason":"${reason}"`)],
    );
  });

  it.each([
    ["tag=", {}],
    ["tag=0", {}],
    ["time=null&tag=0", {}],
    ["", { "if-modified-since": "null", "if-none-match": "null" }],
  ] as const)("%s with %j is no cursor", async (query, headers) => {
    expect(await atOnce("a", query, headers)).toEqual([]);
  });

  it("a client that polls at once has a position that the hub knows, after the gap", async () => {
    const world = past();
    const headers = { host: "localhost", "x-nginx-pushstream-mode": "polling" };
    const first = await world.ask({ path: "/lp/none", query: `time=${quoted(at(86_400))}&tag=1`, headers });
    const stamp = headersOf(first);
    expect([first.status, stamp.get("x-pharos-gap")]).toEqual([304, "unknown-id"]);
    const again = await world.ask({
      path: "/lp/none",
      headers: {
        ...headers,
        "if-modified-since": stamp.get("last-modified") ?? "",
        "if-none-match": stamp.get("etag") ?? "",
      },
    });
    expect([again.status, headersOf(again).get("x-pharos-gap")]).toEqual([304, undefined]);
  });

  // The library sends the time of the client's clock for messages of the last seconds.
  it.each(["", "&tag=0"])("a later time%s than that of all messages is no gap", async (tag) => {
    const world = past();
    const poll = await world.ask({
      path: "/lp/a",
      query: `time=${quoted(at(86_400))}${tag}`,
      headers: { host: "localhost", "x-nginx-pushstream-mode": "polling" },
    });
    expect([poll.body.length, headersOf(poll).get("x-pharos-gap")]).toEqual([0, undefined]);
  });

  it.each([
    "Thu%2C+01+Jan+2026+00%3A00%3A00+GMT",
    "Thu, 1 Jan 2026 00:00:00 GMT",
    "Thursday, 01-Jan-26 00:00:00 GMT",
    "Thu Jan  1 00:00:00 2026",
  ])("the date %s is read", async (time) => {
    expect(await atOnce("a", `tag=1&time=${time.replaceAll(" ", "%20")}`)).toEqual(["2", "4", "5"]);
  });
});

describe("event ids of channels", () => {
  // Bug: an id was found once in the whole hub. A message to two channels had no id in the second one, and the second
  // channel's id was lost.
  it("a message to two channels has its id in both", async () => {
    const world = new PushStreamWorld();
    const headers = { host: "localhost", "event-id": "e" };
    await world.ask({ method: "POST", path: "/pub", query: "id=a/b", body: "x", headers });
    world.publish("b", "later");
    const { body } = await world.ask({ path: "/lp/a.b1/b.b2" });
    expect(messagesOf(body.toString()).map(({ eventid }) => eventid)).toEqual(["e", "e", ""]);
    for (const [path, texts] of [
      ["/lp/b", ["later"]],
      ["/lp/a/b", ["x", "later"]],
    ] as const) {
      const answer = await world.ask({ path, query: "eventid=e" });
      expect(headersOf(answer).get("x-pharos-gap")).toBeUndefined();
      expect(textsOf(answer.body.toString())).toEqual(texts);
    }
  });

  it("an id of two channels is found in each", async () => {
    const world = new PushStreamWorld();
    for (const channel of ["a", "b"]) {
      world.publish(channel, "known", { id: "e" });
      world.publish(channel, `after ${channel}`);
    }
    for (const channel of ["a", "b"]) {
      const { body } = await world.ask({ path: `/lp/${channel}`, query: "eventid=e" });
      expect(textsOf(body.toString())).toEqual([`after ${channel}`]);
    }
  });

  it("a browser resumes exactly, though two messages have one id", async () => {
    const world = new PushStreamWorld();
    const stream = await world.open({ path: "/ev/a/b" });
    for (const channel of ["a", "b"]) world.publish(channel, channel, { id: "e" });
    world.turn();
    const ids = stream.text.split("\n").flatMap((line) => /^id: (.*)$/.exec(line)?.[1] ?? []);
    expect(ids).toHaveLength(2);
    const missed = async (id: string | undefined): Promise<readonly string[]> => {
      const headers = { "last-event-id": id ?? "", "x-nginx-pushstream-mode": "polling" };
      const { body } = await world.ask({ path: "/lp/a/b", headers });
      return textsOf(body.toString());
    };
    expect(await missed(ids[0])).toEqual(["b"]);
    expect(await missed(ids[1])).toEqual([]);
  });
});

describe("before the first message", () => {
  // Bug: a client that lost its connection before its first message had no position, and lost messages without a gap.
  it("a browser has the position of its stream", async () => {
    const world = past();
    const headers = { "cache-control": "no-cache" };
    const { text } = await world.open({ path: "/ev/a", headers });
    const [, id = ""] = /^: \nid: (.*)\n\n$/.exec(text) ?? [];
    world.publish("a", "missed");
    const again = await world.open({ path: "/ev/a", headers: { ...headers, "last-event-id": id } });
    expect(again.text).toContain('"text":"missed"');
    expect(again.text).not.toContain('"text":"5"');
  });

  it.each(["/sub/a", "/ws/a", "/lp/a", "/jsonp/a"])("pushstream.js has the stamp of %s", async (path) => {
    const world = past();
    const query = "callback=f&_=1&tag=&time=&eventid=";
    const read = async (asked: string): Promise<string> => {
      if (path === "/sub/a") return (await world.open({ path, query: asked })).text;
      if (path === "/ws/a")
        return (await world.openSocket({ path, query: asked })).frames
          .map(({ payload }) => payload.toString())
          .join();
      return (await world.ask({ path, query: asked })).body.toString();
    };
    const first = await read(query);
    expect(first).toContain("-6");
    const [time = ""] = /[A-Z][a-z]{2}, [^"']* GMT/.exec(first) ?? [];
    const [, tag = ""] = /"tag":"(\d+)"|'(?=\d+'\))/.exec(first) ?? [];
    const [, last = tag] = /'(\d+)'\);<\/script>\r\n$/.exec(first) ?? [];
    expect(last).not.toBe("0");
    world.publish("a", "missed");
    const again = await read(`callback=f&tag=${last}&time=${quoted(time)}&eventid=`);
    expect(again).toContain("missed");
    expect(again).not.toContain('"text":"5"');
  });

  it("other clients get messages only", async () => {
    const world = past();
    expect((await world.open({ path: "/ev/a" })).text).toBe(": \n");
    expect((await world.openSocket({ path: "/ws/a" })).frames).toEqual([]);
    const poll = world.poll({ path: "/lp/a" });
    await Promise.resolve();
    expect(poll.reply()).toBeUndefined();
  });
});
