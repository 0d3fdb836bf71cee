import { expect, it } from "vitest";
import { bearer } from "../../../contract/mercure-client.js";
import { detail, hubUrl, signCurrent } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { delivered, hubOfFile, publish, request } from "../../hub.js";

const hub = hubOfFile();

box("current, Subscribe", "l.274-280: * as matcher value", () => {
  const topics = ["a", "/a/b", "https://example.com/1", "$x", "**", "日本"];

  it.each(["match=*", "match_exact=*", "match_urlpattern=*", "match_mqtt=*", "match=%2A"])(
    "%s is every topic",
    async (matchers) => {
      expect(await delivered(hub(), matchers, topics)).toEqual(topics);
    },
  );

  it.each(["match=**", "match_exact=**"])("%s is not", async (matchers) => {
    expect(await delivered(hub(), matchers, topics)).toEqual(["**"]);
  });

  it.each([undefined, "exact", "urlpattern", "mqtt"])(
    "in a token it is every topic too, where match_type is %s",
    async (match_type) => {
      const topic = match_type === undefined ? { match: "*" } : { match: "*", match_type };
      const claims = { authorization_details: [{ ...detail("publish", []), topics: [topic] }] };
      const headers = bearer(await signCurrent({ claims }));
      const form = topics.map((each) => `topic=${encodeURIComponent(each)}`).join("&");
      expect((await publish(hub(), form, headers)).status).toBe(200);
    },
  );
});

box("current, Subscribe", "exact", () => {
  it.each([
    ["/a", ["/a", `https://hub.example/a`, "a"], ["/a"]],
    ["a", ["a", "/a", "https://hub.example/.well-known/a"], ["a"]],
    ["https://hub.example/a", ["/a", "https://hub.example/a"], ["https://hub.example/a"]],
    [
      "https://example.com/:id",
      ["https://example.com/1", "https://example.com/:id"],
      ["https://example.com/:id"],
    ],
    ["news/+/#", ["news/a/b", "news/+/#"], ["news/+/#"]],
    ["/{a}", ["/1", "/{a}"], ["/{a}"]],
    ["é", ["e\u0301", "é", "É", "%C3%A9"], ["é"]],
    ["A", ["a", "A"], ["A"]],
  ])("%s is that one topic, byte for byte", async (matcher, published, expected) => {
    for (const name of ["match", "match_exact"])
      expect(await delivered(hub(), `${name}=${encodeURIComponent(matcher)}`, published)).toEqual(expected);
  });
});

box("current, Subscribe", "l.299-322: urlpattern", () => {
  const rows: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ["base of a relative pattern", "/a/:id", ["/a/1", "https://hub.example/a/1"], ["https://b.example/a/1"]],
    ["base of a relative topic", "https://hub.example/a/:id", ["/a/1"], ["a/1"]],
    ["base with the path of the hub", "a/:id", ["a/1", "https://hub.example/.well-known/a/1"], ["/a/1"]],
    [
      "scheme of the base for a topic",
      "https://b.example/:id",
      ["//b.example/1", "https://b.example/2"],
      ["http://b.example/1"],
    ],
    ["case of a path", "https://b.example/Books", ["https://b.example/Books"], ["https://b.example/books"]],
    ["case of a group", "https://b.example/([a-z]+)", ["https://b.example/a"], ["https://b.example/A"]],
    ["case of a query", "https://b.example/?Q=:q", ["https://b.example/?Q=1"], ["https://b.example/?q=1"]],
    ["case of a fragment", "https://b.example/#A", ["https://b.example/#A"], ["https://b.example/#a"]],
    ["case of a user", "https://User@b.example/", ["https://User@b.example/"], ["https://user@b.example/"]],
    [
      "case of scheme and host, which URLs do not have",
      "HTTPS://B.example/x",
      ["https://b.EXAMPLE/x", "hTTps://b.example/x"],
      ["https://b.example/X"],
    ],
    [
      "topics that are no URL",
      "*://*/*",
      ["https://b.example/"],
      ["https://[", "http://a b/", "https://b.example:x/", "http://%zz/"],
    ],
    ["the hub's own topics", "/.well-known/mercure/subscriptions/:t/:m/:s", [], ["/.well-known/x"]],
  ];
  it.each(rows)("%s: %s", async (...[, pattern, matched, others]) => {
    const query = `match_urlpattern=${encodeURIComponent(pattern)}`;
    expect(await delivered(hub(), query, [...others, ...matched])).toEqual(matched);
  });

  it.each(["/(a+)+b", "/(a|aa)+b", "/((?:a*)*)b", "/a*a*a*a*a*a*a*a*b", "/(.*)(.*)(.*)(.*)(.*)b"])(
    "is matched in linear time: %s",
    { timeout: 20_000 },
    async (pattern) => {
      const query = `match_urlpattern=${encodeURIComponent(pattern)}`;
      expect(await delivered(hub(), query, [`/${"a".repeat(1000)}`])).toEqual([]);
    },
  );

  it.each(["/(a(?<n>b)\\k<n>)", "/(?=a)", "/(?<!a)b", "/(a(?=b)b)"])(
    "without a linear-time form gets 400: %s",
    async (pattern) => {
      expect((await request(hub(), `match_urlpattern=${encodeURIComponent(pattern)}`)).status).toBe(400);
    },
  );

  it("grants in tokens what it matches, relative to the hub's URL", async () => {
    const topics = [{ match: "/a/:id", match_type: "urlpattern" }];
    const claims = { authorization_details: [{ ...detail("publish", []), topics }] };
    const headers = bearer(await signCurrent({ claims }));
    const statuses = [];
    for (const topic of ["/a/1", new URL("/a/1", hubUrl).href, "a/1", "/A/1"])
      statuses.push((await publish(hub(), `topic=${encodeURIComponent(topic)}`, headers)).status);
    expect(statuses).toEqual([200, 200, 403, 403]);
  });
});
