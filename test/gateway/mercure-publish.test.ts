import { describe, expect, it, test } from "vitest";
import { bearer, headerOf, MercureWorld } from "./mercure-world.js";

const cf = "%E2%80%8E"; // left-to-right mark, Unicode category Cf

describe("a publication", () => {
  it("l.353-366: goes to its topics, the first being the canonical one", async () => {
    const world = new MercureWorld();
    const reply = await world.publish("topic=a&topic=b&topic=a&data=hello+world%21");
    expect(reply.status).toBe(200);
    expect(world.published).toMatchObject([{ topics: ["a", "b"], data: "hello world!", private: false }]);
  });

  it("is answered with exactly 200, text/plain and the id alone, which is an IRI or a fragment", async () => {
    const world = new MercureWorld();
    const generated = await world.publish("topic=a");
    expect(generated.status).toBe(200);
    expect(headerOf(generated, "Content-Type")).toBe("text/plain; charset=utf-8");
    expect(generated.body.toString()).toBe("#e:1");
    expect((await world.publish("topic=a&id=urn:uuid:1")).body.toString()).toBe("urn:uuid:1");
  });

  it("gets a position for an id that has been used, and the publisher is told", async () => {
    const world = new MercureWorld();
    await world.publish("topic=a&id=one");
    expect((await world.publish("topic=a&id=one")).body.toString()).toBe("#e:2");
  });

  it.each(["private", "private=", "private=false", "private=on"])(
    "is private when the field is there, whatever its value: %s",
    async (field) => {
      const world = new MercureWorld();
      await world.publish(`topic=a&${field}`);
      expect(world.published).toMatchObject([{ private: true }]);
    },
  );

  it("takes id, type and retry, and ignores fields that it does not know", async () => {
    const world = new MercureWorld();
    await world.publish("topic=a&id=i&type=t&retry=1500&unknown=x&match=y");
    expect(world.published).toMatchObject([{ id: "i", type: "t", retryMs: 1500, data: "" }]);
  });

  it.each([
    ["no topic", "data=x"],
    ["an empty topic", "topic="],
    ["the topic *", "topic=*"],
    ["one reserved topic among others", "topic=a&topic=/.well-known/mercure/x"],
    ["a control character in a topic", "topic=a%07"],
    ["a C1 character in a topic", "topic=a%C2%85"],
    ["a format character in a topic", `topic=a${cf}`],
    ["an id that starts with #", "topic=a&id=%23e:1"],
    ["the id earliest", "topic=a&id=earliest"],
    ["a line break in an id", "topic=a&id=a%0Ab"],
    ["a format character in an id", `topic=a&id=a${cf}`],
    ["the type mercure", "topic=a&type=mercure"],
    ["a line break in a type", "topic=a&type=a%0Db"],
    ["a format character in a type", `topic=a&type=a${cf}`],
    ["a retry that is no number", "topic=a&retry=1e3"],
    ["a negative retry", "topic=a&retry=-1000"],
    ["invalid UTF-8", "topic=a&data=%FF"],
    ["half a character", "topic=a%C3&data=b"],
  ])("l.366-420: with %s is refused with 400, and nothing is published", async (_name, body) => {
    const world = new MercureWorld();
    const reply = await world.publish(body);
    expect([reply.status, world.published]).toEqual([400, []]);
    expect(headerOf(reply, "WWW-Authenticate")).toBeUndefined();
  });

  it.each([
    "/.well-known/mercure",
    "https://other.example/.well-known/mercure/x",
    "/a/%2E%2e/.well-known/mercure",
    "/.well-known/%6Dercure",
    "https:/.well-known/mercure/subscriptions",
  ])("l.366-384: to %s lies in the reserved namespace", async (topic) => {
    const reply = await new MercureWorld().publish(`topic=${encodeURIComponent(topic)}`);
    expect(reply.status).toBe(400);
  });

  it.each([
    "/.well-known/mercurey",
    "https://other.example/x/.well-known/mercure",
    "urn:x:/.well-known/mercure",
    "https://[/.well-known/mercure",
    "x?/.well-known/mercure",
  ])("l.366-384: to %s does not", async (topic) => {
    expect((await new MercureWorld().publish(`topic=${encodeURIComponent(topic)}`)).status).toBe(200);
  });

  it.each([
    ["topics", Array.from({ length: 101 }, (_each, index) => `topic=${index}`).join("&")],
    ["a topic", `topic=${"x".repeat(1025)}`],
    ["an id", `topic=a&id=${"x".repeat(257)}`],
    ["a type", `topic=a&type=${"x".repeat(257)}`],
    ["data", `topic=a&data=${"x".repeat(1024 * 1024 + 1)}`],
  ])("over a limit, with too much of %s, is refused with 413", async (_name, body) => {
    expect((await new MercureWorld().publish(body)).status).toBe(413);
  });

  it("of another type than a form is refused with 415", async () => {
    const headers = { ...bearer("publish.ALL"), "content-type": "application/json" };
    expect((await new MercureWorld().publish("topic=a", headers)).status).toBe(415);
  });
});

describe("a publisher", () => {
  it("without a token gets 401 and a challenge without an error", async () => {
    const reply = await new MercureWorld().publish("topic=a", {});
    expect([reply.status, headerOf(reply, "WWW-Authenticate")]).toEqual([401, "Bearer"]);
  });

  it("with a bad token gets 401 invalid_token; why, only the log says", async () => {
    const world = new MercureWorld();
    const reply = await world.publish("topic=a", bearer("nonsense"));
    expect([reply.status, headerOf(reply, "WWW-Authenticate")]).toEqual([
      401,
      'Bearer error="invalid_token"',
    ]);
    expect(reply.body.toString()).not.toContain("made up");
    expect(world.refusals).toEqual(["made up"]);
  });

  it.each(["", "Bearer", "Bearer a b", "Basic dTpw", "Bearer a,b"])(
    "with the header %j gets 400 invalid_request",
    async (authorization) => {
      const reply = await new MercureWorld().publish("topic=a", { authorization });
      expect([reply.status, headerOf(reply, "WWW-Authenticate")]).toEqual([
        400,
        'Bearer error="invalid_request"',
      ]);
    },
  );

  test("the scheme of the header is case-insensitive", async () => {
    const reply = await new MercureWorld().publish("topic=a", { authorization: "bEARER publish.a" });
    expect(reply.status).toBe(200);
  });

  it("needs a grant for every topic: else 403 insufficient_scope, and nothing is published", async () => {
    const world = new MercureWorld();
    expect((await world.publish("topic=a&topic=b", bearer("publish.a.b"))).status).toBe(200);
    for (const token of ["publish.a", "subscribe.ALL", "older.publish.a", "publish"]) {
      const reply = await world.publish("topic=a&topic=b", bearer(token));
      expect([reply.status, headerOf(reply, "WWW-Authenticate")]).toEqual([
        403,
        'Bearer error="insufficient_scope"',
      ]);
    }
    expect(world.published).toHaveLength(1);
  });

  test.each([
    "/.well-known/mercure/x",
    "https://other.example/x/.well-known/mercure",
    "x?/.well-known/mercure",
  ])("section 2: older tokens get 403 for the reserved namespace: %s", async (topic) => {
    const body = `topic=${encodeURIComponent(topic)}`;
    expect((await new MercureWorld().publish(body, bearer("older.publish.ALL"))).status).toBe(403);
  });

  test.each([
    ["older.publish.a", 200],
    ["publish.a", 401],
  ])("section 1, Tokens: the token %s in the query gets %i", async (token, status) => {
    const reply = await new MercureWorld().reply({
      method: "POST",
      query: `authorization=${token}`,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "topic=a",
    });
    expect(reply.status).toBe(status);
  });

  test("with two tokens in the query gets 400 invalid_request: nobody knows which is meant", async () => {
    const reply = await new MercureWorld().reply({
      method: "POST",
      query: "authorization=older.publish.a&authorization=older.publish.b",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "topic=a",
    });
    expect([reply.status, headerOf(reply, "WWW-Authenticate")]).toEqual([
      400,
      'Bearer error="invalid_request"',
    ]);
  });

  test("section 2: older tokens get 400, not 413, for too many topics", async () => {
    const body = Array.from({ length: 101 }, (_each, index) => `topic=${index}`).join("&");
    expect((await new MercureWorld().publish(body, bearer("older.publish.ALL"))).status).toBe(400);
  });

  test("the header hides the cookie", async () => {
    const headers = { ...bearer("publish.a"), cookie: "mercureAuthorization=nonsense" };
    expect((await new MercureWorld().publish("topic=a", headers)).status).toBe(200);
  });

  it.each([
    { name: "a listed origin", headers: { origin: "https://app.example" }, status: 200 },
    { name: "a listed referer", headers: { referer: "https://app.example/page?x" }, status: 200 },
    { name: "another origin", headers: { origin: "https://evil.example" }, status: 403 },
    {
      name: "another origin, whatever the referer",
      headers: { origin: "null", referer: "https://app.example/" },
      status: 403,
    },
    { name: "a referer that is none", headers: { referer: "app.example" }, status: 403 },
    { name: "neither", headers: {}, status: 403 },
  ])("l.1648-1660: with a cookie and $name gets $status", async ({ headers, status }) => {
    for (const cookie of ["__Secure-mercure_access_token=publish.a", "x=y; mercureAuthorization=publish.a"]) {
      const world = new MercureWorld({ publishOrigins: ["https://app.example"] });
      expect((await world.publish("topic=a", { ...headers, cookie })).status).toBe(status);
    }
  });

  it.each([
    { name: "a program of this machine", headers: {}, status: 200 },
    { name: "its own page", headers: { origin: "http://localhost:8080" }, status: 200 },
    { name: "a page of another origin", headers: { origin: "https://evil.example" }, status: 401 },
    { name: "a proxy", headers: { via: "1.1 proxy" }, status: 401 },
    { name: "a client behind a proxy", headers: { "x-forwarded-for": "127.0.0.1" }, status: 401 },
    { name: "another proxy", headers: { forwarded: "for=127.0.0.1" }, status: 401 },
    { name: "a proxy that names the client", headers: { "x-real-ip": "127.0.0.1" }, status: 401 },
    { name: "a proxy that names the scheme", headers: { "x-forwarded-proto": "https" }, status: 401 },
    { name: "a proxy that names the host", headers: { "x-forwarded-host": "localhost" }, status: 401 },
    { name: "a page in a sandbox", headers: { origin: "null" }, status: 401 },
    { name: "a page on another port", headers: { origin: "http://localhost" }, status: 401 },
    { name: "the IPv6 loopback", headers: { host: "[::1]:8080" }, status: 200 },
    { name: "a name that begins like loopback", headers: { host: "127.0.0.1.evil.example" }, status: 401 },
    { name: "no Host", headers: { host: "" }, status: 401 },
    { name: "a rebound name", headers: { host: "evil.example" }, status: 401 },
  ])("without a token is $status for $name where publishing is open", async ({ headers, status }) => {
    const world = new MercureWorld({ open: true });
    expect((await world.publish("topic=a", { host: "localhost:8080", ...headers })).status).toBe(status);
  });

  it.each([
    { name: "from another machine", peer: "192.0.2.7" },
    { name: "through Mongrel2", front: "mongrel2" as const },
  ])("is not open to programs $name", async ({ name: _name, ...from }) => {
    const reply = await new MercureWorld({ open: true }).reply({
      method: "POST",
      body: "topic=a",
      headers: { "content-type": "application/x-www-form-urlencoded", host: "localhost" },
      ...from,
    });
    expect(reply.status).toBe(401);
  });
});
