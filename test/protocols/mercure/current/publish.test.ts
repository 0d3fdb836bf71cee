import { expect, it } from "vitest";
import { freshTopic } from "../../../contract/client.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import { currentToken } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, delivered, hubOfFile, publish, request } from "../../hub.js";

const hub = hubOfFile();
const escaped = encodeURIComponent;

/** The status of a publication, and whether a subscriber of all topics got an event. */
async function attempt(body: string, headers?: Readonly<Record<string, string>>): Promise<number> {
  const stream = await subscribe(hub(), "match=*", bearer(await currentToken({ subscribe: ["*"] })));
  const { status } = await publish(hub(), body, headers);
  const came = await dataBefore(hub(), stream, "attempt");
  expect(came).toHaveLength(status === 200 ? 1 : 0);
  return status;
}

box("current, Publish", "l.353-366: Body", () => {
  it.each([
    ["no body", ""],
    ["no topic", "data=x"],
    ["an empty topic", "topic=&data=x"],
    ["an empty topic among others", "topic=a&topic="],
    ["Topic, which is another field", "Topic=a"],
    ["bytes that are no UTF-8", "topic=a&data=%FF"],
    ["half a character at the end", "topic=a&data=%C3"],
    ["a field name that is no UTF-8", "topic=a&%FF=b"],
  ])("with %s gets 400, and nothing is dispatched", async (_name, body) => {
    expect(await attempt(body)).toBe(400);
  });

  it.each([
    ["application/json", 415],
    ["multipart/form-data; boundary=x", 415],
    ["text/plain", 415],
    ["application/x-www-form-urlencoded; charset=utf-8", 200],
    ["APPLICATION/X-WWW-FORM-URLENCODED", 200],
  ])("of the type %s gets %i", async (type, status) => {
    const token = bearer(await currentToken({ publish: ["*"] }));
    expect(await attempt("topic=a", { ...token, "Content-Type": type })).toBe(status);
  });

  it.each([
    ["the first", "match=FIRST", "FIRST"],
    ["another one", "match=SECOND", "SECOND"],
    ["both", "match=FIRST&match=SECOND", "FIRST"],
    ["both and a pattern for both", "match=FIRST&match=SECOND&match_mqtt=FIRST/%23", "FIRST"],
    ["all", "match=*", "SECOND"],
  ])("with two topics reaches a subscriber of %s once", async (_name, matchers, end) => {
    const first = freshTopic();
    const second = `${first}/alternate`;
    const named = (text: string): string => text.replaceAll("FIRST", first).replaceAll("SECOND", second);
    const stream = await subscribe(hub(), named(matchers));
    await publish(hub(), `topic=${first}&topic=${second}&topic=${first}&data=x`);
    expect(await dataBefore(hub(), stream, named(end))).toEqual(["x"]);
  });

  it("is decoded as a form: + is a space", async () => {
    expect(await delivered(hub(), "match=a+b%2B", ["a b+"])).toEqual(["a b+"]);
  });
});

box("current, Publish", "l.366-384: Reserved namespace", () => {
  it.each([
    "/.well-known/mercure",
    "/.well-known/mercure/",
    "/.well-known/mercure/subscriptions/exact/a/b",
    "/.well-known/mercure?x",
    "/.well-known/mercure#x",
    "mercure",
    "mercure/x",
    "./mercure",
    "../.well-known/mercure/x",
    "//other.example/.well-known/mercure",
    "https://hub.example/.well-known/mercure/x",
    "https://other.example/.well-known/mercure/x",
    "http://other.example:8080/.well-known/mercure",
    "ftp://other.example/.well-known/mercure",
    "foo:/.well-known/mercure",
    "https:/.well-known/mercure/subscriptions",
    "/a/../.well-known/mercure",
    "/a/%2E%2e/.well-known/mercure",
    "/.%2fx/../../.well-known/./mercure",
    "/.well-known/%6Dercure",
    "/%2Ewell-known/mercure%2Fx/../mercure/x",
    "/.well%2Dknown/m%65rcure/x",
    "\\.well-known\\mercure\\x",
    " /.well-known/mercure",
    "*",
  ])("%s gets 400 regardless of the token", async (topic) => {
    // The hub does not read the body of a client without a right to publish.
    const tokens = [{ publish: ["*"] }, { publish: [topic] }, { publish: ["other"] }];
    for (const token of tokens) {
      const headers = bearer(await currentToken(token));
      expect((await publish(hub(), `topic=${escaped(topic)}`, headers)).status).toBe(400);
    }
    expect(await attempt(`topic=a&topic=${escaped(topic)}`)).toBe(400);
  });

  it.each([
    "/.well-known/mercurex",
    "/.well-known/Mercure",
    "/.well-known",
    "/x/.well-known/mercure",
    "/.well-known/mercure%2Fx",
    "/.well-known%2Fmercure",
    "x?/.well-known/mercure",
    "urn:x:/.well-known/mercure",
    "https://[/.well-known/mercure",
    "https://a b/.well-known/mercure",
    "**",
  ])("%s is not reserved", async (topic) => {
    expect(await attempt(`topic=${escaped(topic)}`)).toBe(200);
  });
});

box("current, Publish", "data", () => {
  it.each([
    ["absent", "", "data: \n\n"],
    ["empty", "&data=", "data: \n\n"],
    ["LF", "&data=a%0Ab", "data: a\ndata: b\n\n"],
    ["CR", "&data=a%0Db", "data: a\ndata: b\n\n"],
    ["CRLF", "&data=a%0D%0Ab", "data: a\ndata: b\n\n"],
    ["LF CR", "&data=a%0A%0Db", "data: a\ndata: \ndata: b\n\n"],
    ["CR CR LF", "&data=a%0D%0D%0Ab", "data: a\ndata: \ndata: b\n\n"],
    ["a line break at each end", "&data=%0Aa%0A", "data: \ndata: a\ndata: \n\n"],
    ["spaces", "&data=++a+", "data:   a \n\n"],
    [
      "what looks like fields",
      "&data=a%0A%0Aid:1%0Aevent:x",
      "data: a\ndata: \ndata: id:1\ndata: event:x\n\n",
    ],
    ["JSON", `&data=${escaped('{"a": [1]}')}`, 'data: {"a": [1]}\n\n'],
    [
      "what is no line break of event streams",
      "&data=a%E2%80%A8b%C2%85c%0Bd%00",
      "data: a\u2028b\u0085c\vd\0\n\n",
    ],
    ["a byte order mark", "&data=%EF%BB%BFa", "data: \ufeffa\n\n"],
    ["twice, of which the first counts", "&data=a&data=b", "data: a\n\n"],
  ])("%s", async (_name, field, expected) => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `match=${topic}`);
    const { body: id } = await publish(hub(), `topic=${topic}${field}`);
    await dataBefore(hub(), stream, topic);
    expect(stream.body).toContain(`\nid: ${id}\n${expected}`);
  });
});

box("current, Publish", "private", () => {
  it.each([
    ["", true],
    ["&private", false],
    ["&private=", false],
    ["&private=on", false],
    ["&private=false", false],
    ["&private=0", false],
    ["&Private=on", true],
  ])("with %j reaches those without a token: %s", async (field, isPublic) => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `match=${topic}`);
    await publish(hub(), `topic=${topic}&data=x${field}`);
    expect(await dataBefore(hub(), stream, topic)).toEqual(isPublic ? ["x"] : []);
  });
});

box("current, Publish", "id", () => {
  it.each([
    "#",
    "#a",
    "#epoch:1",
    "earliest",
    "a\n",
    "a\rb",
    "a\0b",
    "\u007f",
    "a\u0085",
    "a\u200e",
    "\u00ad",
  ])("%j gets 400", async (id) => {
    expect(await attempt(`topic=a&id=${escaped(id)}`)).toBe(400);
  });

  it.each(["urn:uuid:5e94c686-2c0b-4f9b-958c-92ccc3bbb4eb", "Earliest", "earliest1", "a#b", "é", "a b", "0"])(
    "%j is kept",
    async (id) => {
      expect((await publish(hub(), `topic=a&id=${escaped(id)}`)).body).toBe(
        Buffer.from(id).toString("latin1"),
      );
    },
  );

  it.each(["", "&id="])("without one (%j) a fragment is generated, another each time", async (field) => {
    const [one, two] = [await publish(hub(), `topic=a${field}`), await publish(hub(), `topic=a${field}`)];
    for (const { body } of [one, two]) expect(body).toMatch(/^#[A-Za-z0-9_-]+:\d+$/);
    expect(one.body).not.toBe(two.body);
  });
});

box("current, Publish", "type, retry", () => {
  it.each(["mercure", "a\nb", "a\r", "a\0", "\u007f", "a\u0085", "a\u200b"])(
    "type %j gets 400",
    async (type) => {
      expect(await attempt(`topic=a&type=${escaped(type)}`)).toBe(400);
    },
  );

  it.each(["Mercure", "mercure2", "message", "é", "a b"])("type %j is taken", async (type) => {
    expect(await attempt(`topic=a&type=${escaped(type)}`)).toBe(200);
  });

  it.each(["a", "-1000", "+1000", "1e3", "1000.0", "0x3e8", " 1000", "1000 ", "１０００", "99", "3600001"])(
    "retry %j gets 400",
    async (retry) => {
      expect(await attempt(`topic=a&retry=${escaped(retry)}`)).toBe(400);
    },
  );

  it.each(["100", "1000", "3600000", "01000"])("retry %j is taken", async (retry) => {
    expect(await attempt(`topic=a&retry=${retry}`)).toBe(200);
  });
});

box("current, Publish", "Unknown fields", () => {
  it.each(["foo=bar", "match=a", "__proto__=x", "constructor", "=", "retain=1", "targets=x", "Data=y"])(
    "%s is ignored",
    async (field) => {
      const topic = freshTopic();
      const stream = await subscribe(hub(), `match=${topic}`);
      expect((await publish(hub(), `${field}&topic=${topic}&data=x&${field}`)).status).toBe(200);
      expect(await dataBefore(hub(), stream, topic)).toEqual(["x"]);
    },
  );
});

box("current, Publish", "Success", () => {
  it.each([
    ["topic=a", /^#[^\n]+$/],
    ["topic=a&private", /^#[^\n]+$/],
    ["topic=a&id=urn:success", /^urn:success$/],
  ])("%s gets exactly 200, text/plain and the id alone", async (body, id) => {
    const answer = await publish(hub(), body);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(answer.body).toMatch(id);
  });

  it("has the id under which subscribers get it", async () => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `match=${topic}`);
    const { body } = await publish(hub(), `topic=${topic}&data=x`);
    await stream.until("x");
    expect(stream.lastId).toBe(body);
  });
});

box("current, Publish", "Over limits", () => {
  const topics = (count: number): string =>
    Array.from({ length: count }, (_each, index) => `topic=${index}`).join("&");
  it.each([
    ["100 topics", topics(100), 200],
    ["101 topics", topics(101), 413],
    ["a topic of 1,025 bytes", `topic=${"a".repeat(1025)}`, 413],
    ["a topic of 342 characters of three bytes", `topic=${"%E6%97%A5".repeat(342)}`, 413],
    ["an id of 257 bytes", `topic=a&id=${"a".repeat(257)}`, 413],
    ["a type of 257 bytes", `topic=a&type=${"a".repeat(257)}`, 413],
    ["a body of 1 MiB and a byte", `topic=a&data=${"a".repeat(1024 * 1024 - 12)}`, 413],
  ])("%s", async (_name, body, status) => {
    expect(await attempt(body)).toBe(status);
    expect((await request(hub(), "match=a")).status).toBe(200);
  });
});
