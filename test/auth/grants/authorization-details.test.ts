import { describe, expect, it } from "vitest";

import type { Grants } from "../../../src/auth/grants/grants.js";
import { matchesFilter } from "../../../src/hub/filters/filter.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import { detailType, everything, goodClaims, sign, World } from "../world.js";

const subscribing = { type: detailType, actions: ["subscribe"], topics: [{ match: "a" }] };

function token(details: unknown): Promise<string> {
  return sign({ claims: { ...goodClaims, authorization_details: details } });
}

async function grantsOf(...details: readonly unknown[]): Promise<Grants> {
  return new World().grants(await token(details));
}

function grants(filters: Grants["publish"], topic: string): boolean {
  return filters.some((filter) => matchesFilter(filter, parseHubTopic(topic)));
}

describe("entries of the hub's type, byte for byte, count; others are ignored (authorization_details)", () => {
  it.each([
    "mercure",
    "https://mercure.rocks/authorization-detail/",
    "HTTPS://mercure.rocks/authorization-detail",
    "tenant",
    "",
  ])("an entry of the type %j grants nothing and breaks nothing", async (type) => {
    const { publish, subscribe } = await grantsOf(
      { type, actions: { read: true }, topics: "acme" },
      subscribing,
    );
    expect(publish).toEqual([]);
    expect(subscribe).toHaveLength(1);
  });

  it.each([null, 1, "text", {}, true])("a claim that is %j and no list is refused", async (claim) => {
    expect(await new World().refusal(await token(claim))).toBe(
      `its authorization_details are ${JSON.stringify(claim)}; allowed is a list`,
    );
  });
});

describe("actions", () => {
  it("publish and subscribe are granted each by itself", async () => {
    const { publish, subscribe, mayPublish } = await grantsOf(
      { ...subscribing, actions: ["publish"], topics: [{ match: "p" }] },
      { ...subscribing, actions: ["subscribe"], topics: [{ match: "s" }] },
      { ...subscribing, actions: ["subscribe", "publish"], topics: [{ match: "b" }] },
    );
    expect(mayPublish).toBe(true);
    expect(publish.map(({ text }) => text)).toEqual(["p", "b"]);
    expect(subscribe.map(({ text }) => text)).toEqual(["s", "b"]);
  });

  it("that are unknown are ignored, in any case of letters", async () => {
    const { publish, subscribe } = await grantsOf({
      ...everything,
      actions: ["Publish", "delete", "SUBSCRIBE"],
    });
    expect([publish, subscribe]).toEqual([[], []]);
  });
});

describe("match_type is exact by default; * is every topic whatever its type (l.274-280)", () => {
  it.each<[object, readonly string[], readonly string[]]>([
    [{ match: "a/:b" }, ["a/:b"], ["a/x", "A/:b"]],
    [{ match: "a+", match_type: "exact" }, ["a+"], ["a", "aa"]],
    [{ match: "*" }, ["a", "https://example.org/1", "$SYS/x"], []],
    [{ match: "*", match_type: "exact" }, ["a"], []],
    [{ match: "*", match_type: "urlpattern" }, ["a", "tag:x"], []],
    [{ match: "*", match_type: "mqtt" }, ["a/b/c", "$SYS/x"], []],
    [
      { match: "https://example.org/:id", match_type: "urlpattern" },
      ["https://example.org/1", "https://EXAMPLE.org/1"],
      ["https://example.org/1/2", "https://example.com/1"],
    ],
    [
      { match: "/.well-known/mercure/subscriptions/:a/:b/:c", match_type: "urlpattern" },
      [
        "/.well-known/mercure/subscriptions/exact/a/1",
        "https://hub.example/.well-known/mercure/subscriptions/a/b/c",
      ],
      ["https://other.example/.well-known/mercure/subscriptions/a/b/c"],
    ],
    [{ match: "/.well-known/mercure/subscriptions" }, ["/.well-known/mercure/subscriptions"], []],
    [{ match: "news/+/sport", match_type: "mqtt" }, ["news/at/sport"], ["news/sport", "news/at/de/sport"]],
  ])("%j", async (topic, granted, others) => {
    const { publish } = await grantsOf({ ...everything, topics: [topic] });
    for (const text of granted) expect.soft(grants(publish, text), text).toBe(true);
    for (const text of others) expect.soft(grants(publish, text), text).toBe(false);
  });
});

describe("any bad entry refuses the whole token, no partial acceptance", () => {
  it.each<[string, unknown]>([
    ["an entry that is null", null],
    ["an entry that is a text", "publish"],
    ["an entry that is a list", [everything]],
    ["an entry without a type", { actions: ["publish"], topics: [{ match: "*" }] }],
    ["an entry whose type is a number", { ...everything, type: 1 }],
    ["no actions", { ...everything, actions: undefined }],
    ["empty actions", { ...everything, actions: [] }],
    ["actions that are a text", { ...everything, actions: "publish" }],
    ["an action that is no text", { ...everything, actions: ["publish", 1] }],
    ["an action that is null", { ...everything, actions: [null] }],
    ["no topics", { ...everything, topics: undefined }],
    ["empty topics", { ...everything, topics: [] }],
    ["topics that are a text", { ...everything, topics: "*" }],
    ["a topic that is a text", { ...everything, topics: ["*"] }],
    ["a topic that is null", { ...everything, topics: [null] }],
    ["a topic without match", { ...everything, topics: [{ match_type: "exact" }] }],
    ["a match that is no text", { ...everything, topics: [{ match: 1 }] }],
    ["a match that is empty", { ...everything, topics: [{ match: "" }] }],
    ["a match with a control character", { ...everything, topics: [{ match: "a\u0000" }] }],
    ["a match with C1", { ...everything, topics: [{ match: "a\u009b" }] }],
    ["a match with DEL", { ...everything, topics: [{ match: "a\u007f" }] }],
    [
      "a match with a mark that is not seen",
      { ...everything, topics: [{ match: "a\u202e", match_type: "mqtt" }] },
    ],
    ["a match that is too long", { ...everything, topics: [{ match: "a".repeat(1025) }] }],
    ["an unknown match_type", { ...everything, topics: [{ match: "a", match_type: "regex" }] }],
    ["an unknown match_type of *", { ...everything, topics: [{ match: "*", match_type: "regex" }] }],
    ["a match_type in other letters", { ...everything, topics: [{ match: "a", match_type: "Exact" }] }],
    ["a match_type that is null", { ...everything, topics: [{ match: "a", match_type: null }] }],
    [
      "a match_type that objects have",
      { ...everything, topics: [{ match: "a", match_type: "constructor" }] },
    ],
    [
      "a malformed URL pattern",
      { ...everything, topics: [{ match: "https://a/(", match_type: "urlpattern" }] },
    ],
    ["a malformed MQTT filter", { ...everything, topics: [{ match: "a/#/b", match_type: "mqtt" }] }],
    ["a payload that is null", { ...everything, payload: null }],
    ["a payload that is a text", { ...everything, payload: "x" }],
    ["a payload that is a list", { ...everything, payload: [] }],
    ["bad topics of an action that is not known", { ...everything, actions: ["delete"], topics: [] }],
  ])("%s", async (_, entry) => {
    expect(await new World().refusal(await token([everything, entry]))).toContain("authorization_details[1]");
  });
});

describe("limits refuse the whole token", () => {
  const limits = { details: 2, topics: 3, filterBytes: 16 };

  const topics = (count: number) => Array.from({ length: count }, () => ({ match: "a" }));

  it.each([
    [[everything, everything]],
    [[everything, { type: "other" }, { type: "other" }, everything]],
    [[{ ...everything, topics: topics(3) }]],
    [[{ ...everything, topics: [{ match: "a".repeat(16) }] }]],
  ])("%j is within them", async (details) => {
    expect(await new World({ limits }).verify(await token(details))).toMatchObject({ ok: true });
  });

  it.each([
    [[everything, everything, everything], "3 authorization details; allowed are 2"],
    [[everything, { ...everything, topics: topics(4) }], "4 topics; allowed are 3"],
    [[everything, { ...everything, topics: [{ match: "a".repeat(17) }] }], "16 bytes"],
  ])("%j is beyond", async (details, reason) => {
    expect(await new World({ limits }).refusal(await token(details))).toContain(reason);
  });
});

describe("the payload is that of the first subscribe detail which matches the subscription's matcher as a topic", () => {
  const detail = (topic: object, payload?: object) => ({
    ...subscribing,
    topics: [topic],
    ...(payload === undefined ? {} : { payload }),
  });

  it("and special entries stand before broad ones", async () => {
    const grants = await grantsOf(
      { ...everything, actions: ["publish"], payload: { of: "a publisher" } },
      detail({ match: "https://example.com/foo" }, { n: 1 }),
      detail({ match: "https://example.com/bar/:id", match_type: "urlpattern" }, { n: 2 }),
      detail({ match: "news/#", match_type: "mqtt" }, { n: 3 }),
      detail({ match: "no payload" }),
      detail({ match: "*" }, { n: 4 }),
    );
    expect(grants.payloadFor("https://example.com/foo")).toEqual({ n: 1 });
    expect(grants.payloadFor("https://example.com/bar/:id")).toEqual({ n: 2 });
    expect(grants.payloadFor("news/+/sport")).toEqual({ n: 3 });
    expect(grants.payloadFor("no payload")).toBeUndefined();
    expect(grants.payloadFor("anything")).toEqual({ n: 4 });
    expect(grants.payloadFor("*")).toEqual({ n: 4 });
  });

  it("and there is none where nothing matches", async () => {
    const grants = await grantsOf(detail({ match: "+", match_type: "mqtt" }, { n: 1 }));
    expect(grants.payloadFor("a/b")).toBeUndefined();
    expect(grants.payloadFor("*")).toBeUndefined();
    expect(grants.payloadFor("")).toBeUndefined();
  });
});
