import { describe, expect, it, test } from "vitest";
import { parsePublication } from "../../src/hub/publication.js";
import { mayRead, type Rights } from "../../src/hub/rights.js";
import { bearer, headerOf, hubUrl, MercureWorld } from "./mercure-world.js";

const kinds = async (query: string): Promise<readonly string[]> => {
  const { subscription } = await new MercureWorld().stream(query);
  return subscription.filters.map(({ kind, text }) => `${kind}:${text}`);
};

const reads = (rights: Rights, topic: string): boolean =>
  mayRead(rights, parsePublication({ topics: [topic], private: true }));

describe("a subscription", () => {
  it.each([
    ["match=a", ["exact:a"]],
    ["match=a&match_exact=b+c&match=a", ["exact:a", "exact:b c"]],
    ["match_urlpattern=https://example.com/:id", ["urlpattern:https://example.com/:id"]],
    ["match_mqtt=news/%2B/sport", ["mqtt:news/+/sport"]],
    ["match=*", ["all:*"]],
    ["match_exact=*", ["all:*"]],
    ["match_urlpattern=*", ["all:*"]],
    ["match=a%23b", ["exact:a#b"]],
    ["match=a;b", ["exact:a;b"]],
    ["match=a&authorization=x&other=y", ["exact:a"]],
    ["topic=a", ["exact:a"]],
    ["topic=*", ["all:*"]],
    ["topic=https://example.com/books/{id}", ["template:https://example.com/books/{id}"]],
  ])("l.135-152, l.274-280: %s is %j", async (query, expected) => {
    expect(await kinds(query)).toEqual(expected);
  });

  it.each([
    ["no matcher", ""],
    ["an unknown parameter alone", "foo=a"],
    ["Match", "Match=a"],
    ["a name that begins with match", "match=a&matchFoo=b"],
    ["match_", "match=a&match_=b"],
    ["MATCH_EXACT", "MATCH_EXACT=a"],
    ["match_regex", "match_regex=a"],
    ["match___proto__", "match___proto__=a"],
    ["both forms", "match=a&topic=b"],
    ["an empty matcher", "match"],
    ["a control character", "match=a%01"],
    ["a format character", "match=a%E2%80%8E"],
    ["invalid UTF-8", "match=%FF"],
    ["a malformed URL pattern", "match_urlpattern=https://example.com/(x"],
    ["a malformed MQTT filter", "match_mqtt=a%23"],
    ["too many matchers", "match=1&match=2&match=3&match=4&match=5&match=6"],
    ["a matcher that is too long", `match=${"a".repeat(65)}`],
  ])("l.162-185: with %s is refused with 400", async (_name, query) => {
    expect((await new MercureWorld().reply({ query })).status).toBe(400);
  });

  it.each(["match_urlpattern=https://example.com/(", "topic={"])(
    "l.181-185: that has too many matchers is refused before one of them is parsed: %s",
    async (malformed) => {
      const body = Array.from({ length: 100 }, (_each, index) => `${malformed}${index}%01`).join("&");
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      const reply = await new MercureWorld().reply({ method: "QUERY", headers, body });
      expect(JSON.parse(reply.body.toString())).toMatchObject({
        status: 400,
        detail: "a stream may have at most 5 matchers",
      });
    },
  );

  it.each([
    ["many parameters", "a&".repeat(5000), 400],
    ["large a body", `match=${"%41".repeat(20_000)}`, 413],
  ])("l.181-185: that has too %s is refused before it is read", async (_name, body, status) => {
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    expect((await new MercureWorld().reply({ method: "QUERY", headers, body })).status).toBe(status);
  });

  it("is answered as an event stream", async () => {
    const start = await new MercureWorld().stream("match=a");
    expect(headerOf(start, "Content-Type")).toBe("text/event-stream");
    expect(start.subscription.format.name).toBe("mercure");
  });

  it("l.116-133: is taken from the query and the body of QUERY together", async () => {
    const answer = await new MercureWorld().ask({
      method: "QUERY",
      query: "match=a&last_event_id=q",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "match_exact=b&last_event_id=b",
    });
    const filters = [{ text: "a" }, { text: "b" }];
    expect(answer).toMatchObject({ kind: "stream", lastEventId: "q", subscription: { filters } });
  });

  it("can be asked for with HEAD", async () => {
    expect((await new MercureWorld().reply({ method: "HEAD", query: "topic=a" })).status).toBe(200);
  });
});

describe("a subscriber", () => {
  it("without a token reads what is public", async () => {
    const { subscription, expiresAtMs } = await new MercureWorld().stream("match=a");
    expect([subscription.rights.key, expiresAtMs]).toEqual(["", undefined]);
  });

  it("without a token is refused where anonymous streams are off", async () => {
    const reply = await new MercureWorld({ anonymous: false }).reply({ query: "match=a" });
    expect([reply.status, headerOf(reply, "WWW-Authenticate")]).toEqual([401, "Bearer"]);
  });

  it("reads private publications with one topic that its token grants, until it ends", async () => {
    const { subscription, expiresAtMs } = await new MercureWorld().stream("match=*", bearer("subscribe.a"));
    const { rights } = subscription;
    expect(["a", "b"].map((topic) => reads(rights, topic))).toEqual([true, false]);
    expect(expiresAtMs).toBe(4_102_444_800_000);
  });

  it("with a bad token is refused, even for what is public", async () => {
    const reply = await new MercureWorld().reply({ query: "match=a", headers: bearer("nonsense") });
    expect([reply.status, headerOf(reply, "WWW-Authenticate")]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
  });

  it.each([
    ["match=a", { cookie: "__Secure-mercure_access_token=subscribe.a" }, "a"],
    ["topic=a", { cookie: "mercureAuthorization=subscribe.b" }, "b"],
    ["topic=a&authorization=older.subscribe.c", { cookie: "mercureAuthorization=subscribe.b" }, "c"],
    ["topic=a&authorization=subscribe.c", bearer("subscribe.d"), "d"],
  ])(
    "section 2: takes the token from header, query of the older form, cookie: %s %j",
    async (query, headers, topic) => {
      const { subscription } = await new MercureWorld().stream(query, headers);
      expect(reads(subscription.rights, topic)).toBe(true);
    },
  );

  test("what stands behind a comma in a cookie's value is no cookie", async () => {
    const cookie = "x=1, __Secure-mercure_access_token=subscribe.a";
    const { subscription } = await new MercureWorld().stream("match=a", { cookie });
    expect(subscription.rights.key).toBe("");
  });

  test("the current form has no token in the query", async () => {
    const { subscription } = await new MercureWorld().stream("match=a&authorization=subscribe.a");
    expect(subscription.rights.key).toBe("");
  });
});

describe("a cursor", () => {
  it.each([
    ["match=a&last_event_id=q", {}, "q"],
    ["match=a&last_event_id=q", { "last-event-id": "h" }, "h"],
    ["match=a&last_event_id=q", { "last-event-id": "" }, "q"],
    ["match=a&lastEventID=q", {}, undefined],
    ["topic=a&lastEventID=q", {}, "q"],
    ["topic=a&Last-Event-ID=q", {}, "q"],
    ["topic=a&last_event_id=q", {}, "q"],
    ["topic=a&lastEventId=q", {}, undefined],
    ["topic=a&lastEventID=q&last_event_id=other", { "last-event-id": "h" }, "h"],
  ])("of %s with %j is %s", async (query, headers, expected) => {
    expect((await new MercureWorld().stream(query, headers)).lastEventId).toBe(expected);
  });

  it("l.951-968: is told where the stream goes on", async () => {
    const world = new MercureWorld();
    await world.publish("topic=a&id=one");
    await world.publish("topic=a&id=zw%C3%B6lf");
    const told = async (id?: string): Promise<unknown> => {
      const start = await world.stream("match=a", id === undefined ? {} : { "last-event-id": id });
      expect(headerOf(start, "Last-Event-ID")).toBe(headerOf(start, "Mercure-Last-Event-ID"));
      return headerOf(start, "Mercure-Last-Event-ID");
    };
    expect(await told()).toBeUndefined();
    expect(await told("one")).toBe("one");
    expect(await told("#e:2")).toBe("#e:2");
    expect(Buffer.from(String(await told("zwölf")), "latin1").toString()).toBe("zwölf");
    for (const id of ["earliest", "never", "#other:1", "a\r\nb"]) expect(await told(id)).toBe("earliest");
  });

  it.each([
    ["empty", "match=a&last_event_id=", "earliest"],
    ["that events were lost behind", "match=a&last_event_id=%23e:1", "earliest"],
    ["behind which nothing of its own was lost", "match=b&last_event_id=%23e:1", "#e:1"],
  ])("l.951-968: %s, in %s, is answered with %s", async (_name, query, expected) => {
    const world = new MercureWorld({ topicEvents: 1 });
    for (let index = 0; index < 3; index += 1) await world.publish("topic=a");
    const start = await world.stream(query);
    for (const name of ["Mercure-Last-Event-ID", "Last-Event-ID"])
      expect(headerOf(start, name)).toBe(expected);
  });

  it("that is a private publication's id is known to those alone who may read it", async () => {
    const world = new MercureWorld();
    await world.publish("topic=a&private&id=secret");
    const told = async (headers = {}): Promise<unknown> =>
      headerOf(await world.stream("match=*&last_event_id=secret", headers), "Mercure-Last-Event-ID");
    expect(await told(bearer("subscribe.a"))).toBe("secret");
    expect([await told(), await told(bearer("subscribe.b"))]).toEqual(["earliest", "earliest"]);
  });

  it("may be read by pages of other origins", async () => {
    const world = new MercureWorld({ corsOrigins: ["https://app.example"] });
    const start = await world.stream("match=a", { origin: "https://app.example" });
    expect(headerOf(start, "Access-Control-Expose-Headers")).toContain("Mercure-Last-Event-ID");
    expect(headerOf(start, "Access-Control-Allow-Credentials")).toBe("true");
    expect(headerOf(start, "Access-Control-Allow-Origin")).toBe("https://app.example");
  });
});

test("the hub describes itself", async () => {
  const reply = await new MercureWorld().reply({
    path: "/.well-known/oauth-protected-resource/.well-known/mercure",
  });
  expect(JSON.parse(reply.body.toString())).toMatchObject({
    resource: hubUrl,
    authorization_details_types_supported: ["https://mercure.rocks/authorization-detail"],
    mercure_matcher_types_supported: ["exact", "urlpattern", "mqtt"],
  });
});
