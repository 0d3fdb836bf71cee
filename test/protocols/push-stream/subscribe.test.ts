import { expect, it } from "vitest";
import { formatTime } from "../../../src/protocols/push-stream/messages/stamps.js";
import { box } from "../boxes.js";
import { at, atOnce, past, quoted, type Headers } from "./past-messages.js";
import { PushStreamWorld, headersOf, messagesOf, textsOf } from "../push-stream-world.js";

box("push-stream, URL scheme", "Path of channels", () => {
  it.each([
    ["a.b1", ["5"]],
    ["a.b2/b.b1", ["4", "5", "3"]],
    ["/a.b1//b.b1/", ["5", "3"]],
    ["a.b100", ["1", "2", "4", "5"]],
    ["a.b0", []],
    ["a/b", []],
    ["%61.b1", ["5"]],
    ["a.b", []],
    ["a.bx", []],
  ])("%s brings %j", async (path, expected) => {
    expect(await atOnce(path)).toEqual(expected);
  });

  it("bring one large message at most beyond what all may bring together", async () => {
    // A request for 100 channels with a message of 700 KB each allocated 200 MB in one turn of the event loop.
    const world = new PushStreamWorld();
    const names = Array.from({ length: 5 }, (_, index) => `c${index}`);
    for (const name of names) world.publish(name, "x".repeat(700_000));
    const { body } = await world.ask({ path: `/lp/${names.map((name) => `${name}.b1`).join("/")}` });
    expect(messagesOf(body.toString()).map(({ channel }) => channel)).toEqual(["c0", "c1"]);
  });

  it("may be an argument", async () => {
    const { body } = await past().ask({ path: "/lp", query: "channels=a.b1%2Fb.b1" });
    expect(textsOf(body.toString())).toEqual(["5", "3"]);
  });

  it("may name a channel that has a slash, and a topic of the hub's other clients", async () => {
    const world = new PushStreamWorld();
    world.publish("news/sport", "goal");
    const { body } = await world.ask({ path: "/lp/news%2Fsport.b1" });
    expect(messagesOf(body.toString())).toMatchObject([{ channel: "news/sport", text: "goal" }]);
  });

  it("with a malformed escape is refused", async () => {
    expect((await past().ask({ path: "/ev/%zz" })).status).toBe(400);
  });
});

box("push-stream, URL scheme", "Control parameters", () => {
  it.each(["_=1700000000000&tag=&time=&eventid=", "tag=&time=&eventid=&extra=1", ""])(
    "that are empty say nothing: %s",
    async (query) => {
      expect(await atOnce("a", query)).toEqual([]);
      expect(await atOnce("a.b1", query)).toEqual(["5"]);
    },
  );

  it("are percent-decoded", async () => {
    expect(await atOnce("a", `time=${quoted(at(0))}&tag=1`)).toEqual(["2", "4", "5"]);
  });
});

box("push-stream, URL scheme", "Mode header", () => {
  it("polling answers at once, long-polling waits, on the paths of streams too", async () => {
    const world = new PushStreamWorld();
    const headers = { "x-nginx-pushstream-mode": "polling" };
    expect((await world.ask({ path: "/sub/a", headers })).status).toBe(304);
    const poll = world.poll({ path: "/ev/a", headers: { "x-nginx-pushstream-mode": "long-polling" } });
    await Promise.resolve();
    expect(poll.reply()).toBeUndefined();
    world.publish("a", "x");
    world.turn();
    await expect.poll(() => poll.reply()?.status, { message: "the poll was not answered" }).toBe(200);
  });
});

box("push-stream, Resume", "Order per channel", () => {
  it.each([
    ["what the client has goes before .bN", "a.b2", `time=${quoted(at(0))}&tag=1`, ["2", "4", "5"]],
    ["an event id", "a", "eventid=e2", ["4", "5"]],
    ["an event id of another channel", "a", "eventid=e3", ["4", "5"]],
    ["the last event id", "a.b3", "eventid=e5", []],
    ["an id and a moment: the earlier", "a", `eventid=e4&time=${quoted(at(0))}&tag=1`, ["2", "4", "5"]],
    ["an id that nobody knows and a moment", "a", `eventid=x&time=${quoted(at(0))}&tag=2`, ["4", "5"]],
    ["nothing", "a/b", "", []],
  ])("%s", async (...row) => {
    const [, path, query, expected] = row;
    expect(await atOnce(path, query)).toEqual(expected);
  });

  it("of an id that nobody knows is a gap, and what there is", async () => {
    const world = past();
    const answer = await world.ask({ path: "/lp/a", query: "eventid=x" });
    expect(textsOf(answer.body.toString())).toEqual(["1", "2", "4", "5"]);
    expect(headersOf(answer).get("x-pharos-gap")).toBe("unknown-id");
  });
});

box("push-stream, Resume", "Sources", () => {
  it.each([
    ["headers", "", { "if-modified-since": at(0), "if-none-match": "1" }, ["2", "4", "5"]],
    ["a weak tag", "", { "if-modified-since": at(0), "if-none-match": "W/2" }, ["4", "5"]],
    ["a quoted tag", "", { "if-modified-since": at(0), "if-none-match": 'W/"2"' }, ["4", "5"]],
    ["Last-Event-ID", "", { "last-event-id": "e4" }, ["5"]],
    // Bug: a browser reconnects with the query of its first request. The hub used that position again, and repeated
    // messages.
    ["headers before arguments", "eventid=e1", { "last-event-id": "e4" }, ["5"]],
    ["a header before a stamp", `time=${quoted(at(0))}&tag=1`, { "last-event-id": "e4" }, ["5"]],
    [
      "a stamp in headers before arguments",
      `eventid=e1`,
      { "if-modified-since": at(1), "if-none-match": "1" },
      ["5"],
    ],
    ["an id that a library appends", "time=&tag=&eventid=e1&lastEventId=e4", {}, ["5"]],
    ["an empty argument beside a header", "eventid=", { "last-event-id": "e4" }, ["5"]],
    ["the client's first poll", "", { "if-modified-since": "null", "if-none-match": "0" }, []],
  ])("%s", async (...row) => {
    const [, query, headers, expected] = row;
    expect(await atOnce("a", query, headers as Headers)).toEqual(expected);
  });
});

box("push-stream, Resume", "Rule", () => {
  it.each([
    ["another run of the hub", at(-60), "0", ["1", "2", "4", "5"]],
    ["the beginning of time", formatTime(0), "0", ["1", "2", "4", "5"]],
    ["a second, none of it", at(0), "0", ["1", "2", "4", "5"]],
    ["a second, one of it", at(0), "1", ["2", "4", "5"]],
    ["a second, a message to another channel", at(0), "3", ["4", "5"]],
    ["a tag beyond its second", at(0), "99", ["4", "5"]],
    ["a second, no tag", at(0), "", ["4", "5"]],
    ["the last message", at(1), "2", []],
    ["the future", at(60), "0", []],
    ["null", "null", "0", []],
  ])("%s", async (...row) => {
    const [, time, tag, expected] = row;
    expect(await atOnce("a", `time=${quoted(time)}&tag=${tag}`)).toEqual(expected);
  });

  it("brings each message once to whoever comes back with the stamp of the last one", async () => {
    const world = past();
    let query = `time=${quoted(formatTime(0))}&tag=0`;
    const texts: string[] = [];
    for (let n = 6; n < 12; n += 1) {
      const { body } = await world.ask({ path: "/lp/a", query });
      const messages = messagesOf(body.toString());
      texts.push(...messages.map(({ text }) => text));
      const last = messages.at(-1);
      query = `time=${quoted(last?.time ?? "")}&tag=${last?.tag ?? ""}`;
      world.publish("a", String(n));
      world.publish("b", "other");
      if (n % 2 === 0) world.clock.advance(1000);
    }
    expect(texts).toEqual(["1", "2", "4", "5", "6", "7", "8", "9", "10"]);
  });
});

box("push-stream, Long poll", "Stored messages, or hold", () => {
  it("stored ones come at once, all together", async () => {
    const { status, body } = await past().ask({ path: "/lp/a", query: "eventid=e1" });
    expect(status).toBe(200);
    expect(textsOf(body.toString())).toEqual(["2", "4", "5"]);
  });

  it("else it is held until one comes", async () => {
    const world = past();
    const poll = world.poll({ path: "/lp/a/b" });
    await Promise.resolve();
    world.publish("c", "for others");
    world.turn();
    await Promise.resolve();
    expect(poll.reply()).toBeUndefined();
    world.publish("b", "for it");
    world.turn();
    await expect.poll(() => poll.reply()?.status, { message: "the poll was not answered" }).toBe(200);
    expect(textsOf(poll.reply()?.body.toString() ?? "")).toEqual(["for it"]);
    expect(world.polls.size).toBe(0);
  });
});

box("push-stream, Long poll", "Headers", () => {
  it("tell the stamp of the newest message, and no cache keeps the answer", async () => {
    const headers = headersOf(await past().ask({ path: "/lp/a", query: "eventid=e1" }));
    expect(Object.fromEntries(headers)).toMatchObject({
      "last-modified": at(1),
      etag: "W/2",
      expires: "Thu, 01 Jan 1970 00:00:01 GMT",
      "cache-control": "no-cache, no-store, must-revalidate",
    });
  });
});

box("push-stream, Long poll", "Timeout", () => {
  it("is 304 with the stamp of the newest message, after which nothing is missed and nothing comes twice", async () => {
    const world = past();
    const poll = world.poll({ path: "/lp/a", query: "eventid=e5" });
    await Promise.resolve();
    world.clock.advance(25_000);
    await expect.poll(() => poll.reply()?.status, { message: "the poll was not answered" }).toBe(304);
    const headers = headersOf(poll.reply() ?? { headers: [] });
    expect([headers.get("last-modified"), headers.get("etag")]).toEqual([at(1), "W/2"]);
    expect(poll.reply()?.body.length).toBe(0);
    // The clock may be set back meanwhile.
    world.publish("a", "later");
    const again = await world.ask({
      path: "/lp/a",
      headers: { "if-modified-since": headers.get("last-modified") ?? "", "if-none-match": "W/2" },
    });
    expect(textsOf(again.body.toString())).toEqual(["later"]);
  });

  it("counts what was published in the same second", async () => {
    const world = past();
    const { headers } = await world.ask({ path: "/lp/b", headers: { "x-nginx-pushstream-mode": "polling" } });
    expect(headersOf({ headers }).get("etag")).toBe("W/2");
  });

  it("of a poll that does not wait echoes what was sent", async () => {
    const sent = { "if-modified-since": at(1), "if-none-match": "2", "x-nginx-pushstream-mode": "polling" };
    const { status, headers } = await past().ask({ path: "/lp/a", headers: sent });
    expect(status).toBe(304);
    const answered = headersOf({ headers });
    expect([answered.get("last-modified"), answered.get("etag")]).toEqual([at(1), "W/2"]);
  });
});

box("push-stream, Long poll", "JSONP", () => {
  it.each(["/jsonp/a.b2", "/lp/a.b2"])("%s calls the function with all messages", async (path) => {
    const answer = await past().ask({ path, query: "callback=PushStreamManager_0_onmessage_1" });
    expect(headersOf(answer).get("content-type")).toBe("application/javascript; charset=utf-8");
    expect(headersOf(answer).get("x-content-type-options")).toBe("nosniff");
    const [, list = ""] = /^PushStreamManager_0_onmessage_1\((\[.*\])\);$/.exec(answer.body.toString()) ?? [];
    expect(JSON.parse(list)).toMatchObject([{ text: "4" }, { text: "5" }]);
  });

  it.each(["", "alert(1)//", "a b", "1a", "a".repeat(129), "a;b", "<script>"])(
    "a callback %j is refused",
    async (callback) => {
      const query = `callback=${quoted(callback)}`;
      expect((await past().ask({ path: "/jsonp/a.b1", query })).status).toBe(400);
    },
  );

  it.each(["", "time=&tag=&eventid="])(
    "is not used for /jsonp without a callback, as in the module: the answer is that of /lp",
    async (query) => {
      const [script, plain] = await Promise.all(
        ["/jsonp/a.b2", "/lp/a.b2"].map((path) => past().ask({ path, query })),
      );
      expect(textsOf(script?.body.toString() ?? "")).toEqual(["4", "5"]);
      expect(script).toEqual(plain);
    },
  );

  it("takes no token from a cookie, which any page could use", async () => {
    const world = new PushStreamWorld();
    world.publish("a", "secret", { private: true });
    world.publish("a", "open");
    const headers = { cookie: "mercureAuthorization=subscribe.a" };
    const polled = await world.ask({ path: "/lp/a.b9", headers });
    expect(textsOf(polled.body.toString())).toEqual(["secret", "open"]);
    const script = await world.ask({ path: "/jsonp/a.b9", query: "callback=f", headers });
    expect(script.body.toString()).not.toContain("secret");
    const query = "callback=f&authorization=subscribe.a";
    expect((await world.ask({ path: "/jsonp/a.b9", query })).body.toString()).toContain("secret");
  });
});

box("push-stream, Long poll", "CORS", () => {
  it("lets pages of a listed origin read the stamp", async () => {
    const headers = { origin: "https://page.example" };
    const answer = headersOf(await past().ask({ path: "/lp/a.b1", headers }));
    expect(answer.get("access-control-allow-origin")).toBe("https://page.example");
    const exposed = answer.get("access-control-expose-headers")?.toLowerCase().split(", ");
    expect(exposed).toEqual(expect.arrayContaining(["etag", "last-modified"]));
  });

  it("lets them send it", async () => {
    const headers = { origin: "https://page.example", "access-control-request-method": "GET" };
    const answer = await past().ask({ method: "OPTIONS", path: "/lp/a", headers });
    const allowed = headersOf(answer).get("access-control-allow-headers")?.toLowerCase().split(", ");
    expect(allowed).toEqual(
      expect.arrayContaining([
        "if-modified-since",
        "if-none-match",
        "event-id",
        "event-type",
        "last-event-id",
      ]),
    );
  });
});
