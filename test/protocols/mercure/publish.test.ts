import { describe, expect, it } from "vitest";
import { bearer, headerOf, MercureWorld } from "./mercure-world.js";

describe("a publication", () => {
  it("goes to its topics, the first being the canonical one", async () => {
    const world = new MercureWorld();
    const reply = await world.publish("topic=a&topic=b&topic=a&data=hello+world%21");
    expect(reply.status).toBe(200);
    expect(world.published).toMatchObject([{ topics: ["a", "b"], data: "hello world!", private: false }]);
  });

  it("gets a position for an id that has been used, and the publisher is told", async () => {
    const world = new MercureWorld();
    await world.publish("topic=a&id=one");
    expect((await world.publish("topic=a&id=one")).body.toString()).toBe("#e:2");
  });

  it("takes id, type and retry, and ignores fields that it does not know", async () => {
    const world = new MercureWorld();
    await world.publish("topic=a&id=i&type=t&retry=1500&unknown=x&match=y");
    expect(world.published).toMatchObject([{ id: "i", type: "t", retryMs: 1500, data: "" }]);
  });

  it("with data beyond its limit is refused with 413", async () => {
    const reply = await new MercureWorld().publish(`topic=a&data=${"x".repeat(1024 * 1024 + 1)}`);
    expect(reply.status).toBe(413);
  });
});

describe("a publisher", () => {
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

  it.each([
    { name: "a program of this machine", headers: {}, status: 200 },
    { name: "its own page", headers: { origin: "http://localhost:8080" }, status: 200 },
    { name: "a page of another origin", headers: { origin: "https://evil.example" }, status: 401 },
    { name: "a proxy", headers: { via: "1.1 proxy" }, status: 401 },
    { name: "a client behind a proxy", headers: { "x-forwarded-for": "127.0.0.1" }, status: 401 },
    { name: "another proxy", headers: { forwarded: "for=127.0.0.1" }, status: 401 },
    { name: "a proxy that names the client", headers: { "x-real-ip": "127.0.0.1" }, status: 401 },
    { name: "a proxy that names its port", headers: { "x-forwarded-port": "443" }, status: 401 },
    { name: "a page of another site", headers: { "sec-fetch-site": "cross-site" }, status: 401 },
    { name: "a page of its own", headers: { "sec-fetch-site": "same-origin" }, status: 200 },
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
    { name: "through Mongrel2, or a proxy with a PROXY header", isDirect: false },
    { name: "at a unix socket, where proxies connect", peer: "unix" },
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
