import { expect, it } from "vitest";
import { freshTopic } from "../../../contract/client.js";
import { subscribe } from "../../../contract/mercure-client.js";
import { box } from "../../boxes.js";
import { delivered, hubOfFile, publish, query, request, startHub } from "../../hub.js";

const hub = hubOfFile();

/** The parts of a request that may contain the cursor. */
interface Parts {
  readonly query?: string;
  readonly body: string;
  readonly header?: string;
}

box("current, Subscribe", "l.116-133: GET, and QUERY", () => {
  it.each([
    ["GET", 200],
    ["HEAD", 200],
    ["QUERY", 200],
    ["PUT", 405],
    ["DELETE", 405],
  ])("%s gets %i", async (method, status) => {
    const headers = { "Content-Type": "application/x-www-form-urlencoded", "Content-Length": "0" };
    expect((await request(hub(), "match=a", { method, headers })).status).toBe(status);
  });

  it.each([
    ["the query", { query: "match=x1", body: "" }, ["x1"]],
    ["the body", { body: "match=x2" }, ["x2"]],
    ["both", { query: "match=x1", body: "match_exact=x2&match=x3" }, ["x1", "x2", "x3"]],
    ["both, once where it is twice", { query: "match=x1", body: "match=x1" }, ["x1"]],
  ])("QUERY takes matchers from %s", async (_name, parts, topics) => {
    const answer = await query(hub(), parts);
    expect(answer.status).toBe(200);
    expect(answer.rest).toContain(`: pharos, topics ${JSON.stringify(topics)}\n`);
  });

  it.each([
    ["application/json", 415],
    ["text/plain", 415],
    ["application/x-www-form-urlencoded;charset=UTF-8", 200],
    ["Application/X-WWW-Form-URLEncoded", 200],
  ])("QUERY with a body of the type %s gets %i", async (type, status) => {
    const headers = { "Content-Type": type };
    expect((await query(hub(), { body: "match=a", headers })).status).toBe(status);
  });

  it.each([
    ["topics of both forms", { query: "topic=a", body: "match=a" }],
    ["no matcher", { query: "a=b", body: "c=d" }],
    ["a bad matcher in the body", { query: "match=a", body: "matchFoo=a" }],
    ["bytes that are no UTF-8", { body: "match=a\u00ff" }],
    ["escapes that are no UTF-8", { body: "match=%ff" }],
  ])("QUERY with %s gets 400", async (_name, parts) => {
    expect((await query(hub(), parts)).status).toBe(400);
  });

  const cursors: readonly (readonly [string, Parts, string])[] = [
    ["query", { query: "last_event_id=ID1", body: "" }, "ID1"],
    ["body", { body: "last_event_id=ID2" }, "ID2"],
    ["query before body", { query: "last_event_id=ID1", body: "last_event_id=ID2" }, "ID1"],
    ["an empty one of the query", { query: "last_event_id=", body: "" }, "earliest"],
    ["the query's, though it is empty", { query: "last_event_id=", body: "last_event_id=ID2" }, "earliest"],
    ["header before body", { body: "last_event_id=ID2", header: "ID3" }, "ID3"],
    ["header before both", { query: "last_event_id=ID1", body: "last_event_id=ID2", header: "ID3" }, "ID3"],
  ];
  it.each(cursors)("QUERY takes the cursor from %s", async (_name, parts, expected) => {
    const topic = freshTopic();
    for (const id of ["ID1", "ID2", "ID3"]) await publish(hub(), `topic=${topic}&id=${id}/${topic}`);
    const own = (text = ""): string => text.replaceAll(/ID\d/g, (id) => `${id}/${topic}`);
    const answer = await query(hub(), {
      query: own(parts.query),
      body: own(`match=${topic}&${parts.body}`),
      headers: parts.header === undefined ? {} : { "Last-Event-ID": own(parts.header) },
    });
    expect(answer.headers.get("mercure-last-event-id")).toBe(own(expected));
  });
});

box("current, Subscribe", "l.152: Parse query with the WHATWG algorithm", () => {
  it.each([
    ["match=a+b", "a b"],
    ["match=a%20b", "a b"],
    ["match=a%2Bb", "a+b"],
    ["match=a;match=b", "a;match=b"],
    ["match=a%26b", "a&b"],
    ["match=a=b", "a=b"],
    ["&&match=a1&&", "a1"],
    ["m%61tch=a2", "a2"],
    ["match=%zz%", "%zz%"],
    ["match=a?b", "a?b"],
    ["match=caf%C3%A9", "café"],
  ])("%s asks for the topic %j", async (matchers, topic) => {
    expect(await delivered(hub(), matchers, ["a", "b", topic])).toEqual([topic]);
  });

  it.each(["match", "match="])("%j has an empty value, which is no topic: 400", async (matchers) => {
    expect((await request(hub(), matchers)).status).toBe(400);
  });
});

box("current, Subscribe", "l.135-150: Params", () => {
  it.each([
    ["match=p/1", ["p/1"]],
    ["match_exact=p/1", ["p/1"]],
    ["match_urlpattern=https://p.example/:id", ["https://p.example/1", "https://p.example/2"]],
    ["match=p/1&match=p/2", ["p/1", "p/2"]],
    ["match=p/1&match=p/1&match_exact=p/1", ["p/1"]],
    ["match_exact=p/1&match_urlpattern=https://p.example/1&match=p/2", ["p/1", "p/2", "https://p.example/1"]],
    [
      "match_urlpattern=https://p.example/1&match_urlpattern=https://p.example/2",
      ["https://p.example/1", "https://p.example/2"],
    ],
    ["match=https://p.example/:id", []],
  ])("%s brings %j", async (matchers, topics) => {
    const all = ["p/1", "p/2", "p/3", "https://p.example/1", "https://p.example/2", "https://p.example/a/b"];
    expect(await delivered(hub(), matchers, all)).toEqual(topics);
  });
});

box("current, Subscribe", "l.162-169: Any other parameter that begins with match", () => {
  it.each([
    "Match",
    "MATCH",
    "mATCH",
    "matchFoo",
    "match_",
    "match_regex",
    "match_EXACT",
    "Match_exact",
    "matchexact",
    "matches",
    "match%5B%5D",
    "match.exact",
    "match%20",
    "match%2Dexact",
    "match_constructor",
    "match_urlpattern_",
  ])("%s gets 400", async (name) => {
    for (const matchers of [`${name}=a`, `match=a&${name}=a`, `${name}=*`])
      expect((await request(hub(), matchers)).status).toBe(400);
    expect((await query(hub(), { query: "match=a", body: `${name}=a` })).status).toBe(400);
  });

  it.each(["xmatch", "%20match", "Topic", "topics", "m", "access_token", "authorization", "last"])(
    "%s is outside the rule, and ignored",
    async (name) => {
      expect(await delivered(hub(), `match=u/1&${name}=u/2`, ["u/1", "u/2"])).toEqual(["u/1"]);
    },
  );

  it("topic beside match gets 400: what one hub would ignore another would obey", async () => {
    expect((await request(hub(), "match=a&topic=a")).status).toBe(400);
  });

  it.each(["", "a=b", "last_event_id=x"])("no matcher at all gets 400 and says so: %j", async (matchers) => {
    const { status, body } = await request(hub(), matchers);
    expect(status).toBe(400);
    expect(JSON.parse(body)).toMatchObject({ detail: 'missing "match" subscription parameter' });
  });
});

box("current, Subscribe", "l.171-176: Matcher value", () => {
  const names = ["match", "match_exact", "match_urlpattern", "match_mqtt"];
  const rows = ["%FF", "a%00", "a%1F", "a%7F", "a%C2%80", "a%E2%80%8B", "%C3"].flatMap((value) =>
    names.map((name) => `${name}=${value}`),
  );
  it.each([
    ...rows,
    "match_urlpattern=(",
    "match_urlpattern=/{a",
    "match_urlpattern=/:a/:a",
    "match_urlpattern=/(%5B)",
    "match_urlpattern=/a/%2B",
    "match_mqtt=a%23",
    "match_mqtt=a/%23/b",
    "match_mqtt=a%2B/b",
  ])("%s gets 400", async (matcher) => {
    for (const matchers of [matcher, `match=a&${matcher}`])
      expect((await request(hub(), matchers)).status).toBe(400);
  });
});

box("current, Subscribe", "l.181-191: Limits", () => {
  const numbered = (count: number): string =>
    Array.from({ length: count }, (_each, index) => `match=${index}`).join("&");
  it.each([
    ["100 matchers", numbered(100), 200],
    ["101 matchers", numbered(101), 400],
    ["100 matchers, of which one is there twice", `${numbered(100)}&match=0`, 200],
    ["a pattern of 1,024 bytes", `match=${"a".repeat(1024)}`, 200],
    ["a pattern of 1,025 bytes", `match=${"a".repeat(1025)}`, 400],
    ["a URL pattern of 1,025 bytes", `match_urlpattern=/${"a".repeat(1024)}`, 400],
    ["a URL pattern of too many groups", `match_urlpattern=/${"a*".repeat(65)}`, 400],
  ])("%s", async (_name, matchers, status) => {
    expect((await request(hub(), matchers)).status).toBe(status);
  });

  it("more streams of one address than it may have get 429", async () => {
    const site = await startHub({ PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "1" });
    await subscribe(site, "match=a");
    expect((await request(site, "match=a")).status).toBe(429);
  });

  it("more streams than the hub may have get 503", async () => {
    const site = await startHub({ PHAROS_LIMITS_CONNECTIONS: "1" });
    await subscribe(site, "match=a");
    expect((await request(site, "match=a")).status).toBe(503);
  });
});
