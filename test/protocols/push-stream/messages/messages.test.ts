import { describe, expect, it } from "vitest";
import { formatTime } from "../../../../src/protocols/push-stream/messages/stamps.js";
import { Template } from "../../../../src/protocols/push-stream/messages/template.js";
import { box } from "../../boxes.js";
import { PushStreamWorld, firstSecond, messagesOf, textsOf } from "../../push-stream-world.js";

const words = {
  id: "7",
  "event-id": "e",
  "event-type": "t",
  channel: "c",
  text: "~id~",
  rawText: "raw",
  size: "4",
  tag: "1",
  time: "now",
};

box("push-stream, Message template", "Words", () => {
  it.each([
    ["~text~", "~id~"],
    ["~id~|~event-id~|~event-type~|~channel~|~size~|~tag~|~time~", "7|e|t|c|4|1|now"],
    ["~ID~ ~Event-Id~ ~TEXT~", "7 e ~id~"],
    ["~other~ ~ id~ ~id", "~other~ ~ id~ ~id"],
    ["~id~~id~", "77"],
    ["", ""],
  ])("%s becomes %s", (template, text) => {
    expect(new Template(template).write(words)).toBe(text);
  });
});

const awkward = `"quotes" 'and' <script>\\ 100% ü 😀 ~id~ \u2028 line\nbreak\r\n</script>`;

box("push-stream, Message template", "The client's template", () => {
  it("is JSON whose text decodeURIComponent makes what was published", async () => {
    const world = new PushStreamWorld();
    world.publish("a", awkward, { id: `id'"<\\` });
    const { body } = await world.ask({ path: "/lp/a.b1" });
    expect(messagesOf(body.toString())).toEqual([
      {
        id: 1,
        channel: "a",
        text: encodeURIComponent(awkward).replaceAll("'", "%27"),
        tag: "1",
        time: formatTime(firstSecond),
        eventid: `id'"<\\`,
      },
    ]);
    expect(textsOf(body.toString())).toEqual([awkward]);
  });

  // Other protocols can publish to many topics. Bug: readers of any one topic got the name of the first topic.
  it("names as the channel the first topic of a public message, and none of a private one with several", async () => {
    const world = new PushStreamWorld();
    world.publish(["users/ada", "room"], "x", { private: true });
    world.publish(["room"], "y", { private: true });
    world.publish(["users/ada", "room"], "z");
    const query = "authorization=subscribe.room";
    const { body } = await world.ask({ path: "/lp/room.b9", query });
    expect(messagesOf(body.toString()).map(({ channel }) => channel)).toEqual(["", "room", "users/ada"]);
  });

  it("has the spaces of the one that the client library is shipped with", async () => {
    const world = new PushStreamWorld();
    world.publish("a", "x");
    const { body } = await world.ask({ path: "/lp/a.b1" });
    const time = formatTime(firstSecond);
    expect(body.toString()).toBe(
      `{"id":1,"channel":"a","text":"x", "tag":"1", "time":"${time}", "eventid":""}\r\n`,
    );
  });
});

box("push-stream, Message template", "Ids and stamps", () => {
  it("ids count a channel's messages, tags those of a second in all channels", async () => {
    const world = new PushStreamWorld();
    world.publish("a", "x");
    world.publish("b", "x");
    world.publish("a", "x");
    world.clock.advance(1000);
    world.publish("a", "x");
    const { body } = await world.ask({ path: "/lp/a.b9/b.b9" });
    expect(messagesOf(body.toString()).map(({ channel, id, time, tag }) => [channel, id, time, tag])).toEqual(
      [
        ["a", 1, formatTime(firstSecond), "1"],
        ["a", 2, formatTime(firstSecond), "3"],
        ["a", 3, formatTime(firstSecond + 1), "1"],
        ["b", 1, formatTime(firstSecond), "2"],
      ],
    );
  });

  it("private messages are counted apart, and no second comes again", async () => {
    const world = new PushStreamWorld();
    world.publish("a", "x");
    world.publish("a", "secret", { private: true });
    world.clock.jumpTo(firstSecond * 1000 - 60_000);
    world.publish("a", "y");
    const { body } = await world.ask({ path: "/lp/a.b9", query: "authorization=subscribe.a" });
    expect(messagesOf(body.toString()).map(({ text, id, tag }) => [text, id, tag])).toEqual([
      ["x", 1, "1"],
      ["secret", 1, "2"],
      ["y", 2, "3"],
    ]);
  });
});

box("push-stream, Message template", "Special ids", () => {
  it("a ping is -1", async () => {
    const world = new PushStreamWorld();
    const [ev, sub] = [await world.open({ path: "/ev/a" }), await world.open({ path: "/sub/a" })];
    const before = { ev: ev.text, sub: sub.text };
    world.clock.advance(20_000);
    // An empty line would be an empty message for some clients.
    expect(ev.text.slice(before.ev.length)).toBe(": -1\n");
    expect(sub.text.slice(before.sub.length)).toMatch(
      /^<script>p\(-1,'','','', '[^']*', '0'\);<\/script>\r\n$/,
    );
  });

  it("what is lost is told by an event of its own, and in frames by -4, which the client library passes over", async () => {
    const world = new PushStreamWorld({ topicEvents: 1 });
    for (const n of [1, 2]) world.publish("a", String(n), { id: `e${n}` });
    const ev = await world.open({ path: "/ev/a", query: "eventid=e0" });
    expect(ev.text).toMatch(
      /^: \nid: #test:1\nevent: pharos-gap\ndata: \{"reason":"unknown-id",.*\}\n\nid: e2\n/s,
    );
    const sub = await world.open({ path: "/sub/a", query: "eventid=e0" });
    expect(sub.text).toContain("<script>p(-4,'','%7B%22reason%22%3A%22unknown-id%22");
  });
});

box("push-stream, Stream", "Header, messages and pings", () => {
  it("a page registers its frame, then calls p", async () => {
    const world = new PushStreamWorld();
    const stream = await world.open({ path: "/sub/a", query: "streamid=0&_=1&tag=&time=&eventid=" });
    expect(stream.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(stream.text).toContain("parent.PushStream.register(this);");
    const head = stream.text;
    world.publish("a", awkward, { id: "e'</script>" });
    world.turn();
    const time = formatTime(firstSecond);
    const text = encodeURIComponent(awkward).replaceAll("'", "%27");
    expect(stream.text.slice(head.length)).toBe(
      `<script>p(1,'a','${text}','e\\u0027\\u003c/script\\u003e', '${time}', '1');</script>\r\n`,
    );
  });

  // If the browser lets the hub's page widen its origin, a page of a sibling domain may show the hub's page in an
  // iframe or a window. The sibling page can then act in the name of the hub with the user's cookies.
  it("a page widens its origin in a frame only, of the hub's own pages and those of listed origins", async () => {
    const stream = await new PushStreamWorld().open({ path: "/sub/a", query: "streamid=0" });
    expect(stream.headers.get("content-security-policy")).toBe(
      "frame-ancestors 'self' http://hub.example https://page.example",
    );
    expect(stream.text.match(/.*document\.domain.*/g)).toEqual([
      expect.stringMatching(/^ {2}if \(parent !== window\) document\.domain = /),
    ]);
  });
});

box("push-stream, SSE", "Bytes", () => {
  const time = formatTime(firstSecond);
  const position = "id: #test:1\n";
  const data = (text: string, id = ""): string =>
    `data: {"id":1,"channel":"a","text":"${text}", "tag":"1", "time":"${time}", "eventid":"${id}"}\n\n`;

  it.each([
    ["a message", {}, "x", position + data("x")],
    ["one with an id", { id: "e" }, "x", `id: e\n${data("x", "e")}`],
    ["one with a type", { type: "t" }, "x", `${position}event: t\n${data("x")}`],
    [
      "one with both",
      { id: `<'"`, type: `"<` },
      "x",
      `id: <'"\nevent: "<\n${data("x", `\\u003c\\u0027\\"`)}`,
    ],
    ["lines", {}, "a\r\nb", position + data("a%0D%0Ab")],
    ["empty data", {}, "", position + data("")],
  ])("of %s", async (...row) => {
    const [, more, text, expected] = row;
    const world = new PushStreamWorld();
    const stream = await world.open({ path: "/ev/a" });
    world.publish("a", text, more);
    world.turn();
    expect(stream.text).toBe(`: \n${expected}`);
    expect(stream.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  });
});

describe("rights", () => {
  it("private messages come to whoever may read them", async () => {
    const world = new PushStreamWorld();
    const stranger = await world.open({ path: "/ev/a" });
    const reader = await world.open({ path: "/ev/a", query: "authorization=subscribe.a" });
    world.publish("a", "secret", { private: true });
    world.turn();
    expect(stranger.text).not.toContain("secret");
    expect(reader.text).toContain("secret");
  });
});
