import { expect, it } from "vitest";
import { ask, freshTopic } from "../../../contract/client.js";
import { requestBytes } from "../../../contract/http-text.js";
import type { Headers } from "../../../contract/mercure-client.js";
import { bearer, post, subscribe } from "../../../contract/mercure-client.js";
import { mercurePath } from "../../../../src/protocol.js";
import { currentToken } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, hubOfFile, pageOrigin, publish, request, startHub } from "../../hub.js";

const hub = hubOfFile();
const cookieName = "__Secure-mercure_access_token";
const good = (): Promise<string> => currentToken({ publish: ["*"], subscribe: ["*"] });

/** Headers with GOOD replaced by a token that allows everything. */
async function withToken(headers: Headers): Promise<Headers> {
  const token = await good();
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, value.replace("GOOD", token)]),
  );
}

/** True if a stream with this query and these headers gets a private publication. */
async function readsPrivate(query: string, headers: Headers): Promise<boolean> {
  const topic = freshTopic();
  const stream = await subscribe(hub(), query.replace("TOPIC", topic), await withToken(headers));
  await publish(hub(), `topic=${topic}&private&data=secret`);
  return (await dataBefore(hub(), stream, topic)).includes("secret");
}

box("current, Tokens", "Publishers present a token", () => {
  it.each([
    ["publishing without a token", "POST", 401],
    ["subscribing to what is public without one", "GET", 200],
  ])("%s: %s gets %i", async (_name, method, status) => {
    const answer = method === "POST" ? await publish(hub(), "topic=a", {}) : await request(hub(), "match=a");
    expect(answer.status).toBe(status);
  });

  it("subscribers need one for what is private alone", async () => {
    expect(await readsPrivate("match=TOPIC", {})).toBe(false);
    expect(await readsPrivate("match=TOPIC", { Authorization: "Bearer GOOD" })).toBe(true);
  });

  it("subscribers need one for everything where anonymous streams are off", async () => {
    const site = await startHub({ PHAROS_ANONYMOUS: "off" });
    expect((await request(site, "match=a")).status).toBe(401);
    expect((await request(site, "match=a", { headers: bearer(await good()) })).status).toBe(200);
  });

  it("need none in a closed network: on this machine, where the hub is open", async () => {
    const site = await startHub({ PHAROS_OPEN: "on" });
    expect((await publish(site, "topic=a", {})).status).toBe(200);
    expect((await publish(site, "topic=a", { "X-Forwarded-For": "192.0.2.1" })).status).toBe(401);
    expect((await publish(site, "topic=a", { Origin: pageOrigin })).status).toBe(401);
  });

  it.each(["/publish/a", "/publish"])("the other ways to publish need one too: %s", async (path) => {
    const answer = await post(hub(), { path, type: "text/plain", body: "x", headers: {} });
    expect(answer.status).toBe(401);
  });
});

box("current, Tokens", "Mechanisms", () => {
  const rows: readonly (readonly [string, Headers, number])[] = [
    ["the header", { Authorization: "Bearer GOOD" }, 200],
    ["the header in small letters", { Authorization: "bearer GOOD" }, 200],
    ["the header in capitals", { Authorization: "BEARER GOOD" }, 200],
    ["the cookie", { Cookie: `${cookieName}=GOOD` }, 200],
    ["the cookie among others", { Cookie: `a=b; ${cookieName}=GOOD; c=d` }, 200],
    ["the cookie by another name", { Cookie: `${cookieName}2=GOOD` }, 401],
    ["the cookie in other letters", { Cookie: `${cookieName.toLowerCase()}=GOOD` }, 401],
    ["a good header and a bad cookie", { Authorization: "Bearer GOOD", Cookie: `${cookieName}=bad` }, 200],
    ["a bad header and a good cookie", { Authorization: "Bearer bad", Cookie: `${cookieName}=GOOD` }, 401],
    [
      "a malformed header and a good cookie",
      { Authorization: "Bearer a b", Cookie: `${cookieName}=GOOD` },
      400,
    ],
    [
      "a header of another scheme and a good cookie",
      { Authorization: "Basic eA==", Cookie: `${cookieName}=GOOD` },
      200,
    ],
    ["a header of two schemes", { Authorization: "Basic eA==, Bearer GOOD" }, 200],
    ["a header of another scheme alone", { Authorization: "Basic eA==" }, 401],
    ["another header", { "X-Access-Token": "GOOD" }, 401],
  ];
  it.each(rows)("%s", async (_name, headers, status) => {
    const all = { Origin: pageOrigin, ...(await withToken(headers)) };
    expect((await publish(hub(), "topic=a", all)).status).toBe(status);
  });

  it.each([
    ["match=TOPIC", { Authorization: "Bearer GOOD" }, true],
    ["match=TOPIC", { Cookie: `${cookieName}=GOOD` }, true],
    ["match=TOPIC", { Cookie: `x=1, ${cookieName}=GOOD` }, false],
  ])("%s with %j reads what is private: %s", async (query, headers, expected) => {
    expect(await readsPrivate(query, headers as Headers)).toBe(expected);
  });

  it.each(["access_token", "authorization", "token"])("%s in a query or a form is no token", async (name) => {
    const pair = `${name}=${await good()}`;
    expect(await readsPrivate(`match=TOPIC&${pair}`, {})).toBe(false);
    expect((await publish(hub(), `topic=a&${pair}`, {})).status).toBe(401);
    const path = `${mercurePath}?${pair}`;
    expect((await post(hub(), { path, body: "topic=a", headers: {} })).status).toBe(401);
  });
});

box("current, Tokens", "l.1648-1660: Cookie", () => {
  const rows: readonly (readonly [string, Headers, number])[] = [
    ["a listed Origin", { Origin: pageOrigin }, 200],
    ["a listed Referer", { Referer: `${pageOrigin}/page?x#y` }, 200],
    ["a listed Referer without a path", { Referer: pageOrigin }, 200],
    ["another Origin", { Origin: "https://evil.example" }, 403],
    ["another Referer", { Referer: "https://evil.example/" }, 403],
    [
      "another Origin, whatever the Referer",
      { Origin: "https://evil.example", Referer: `${pageOrigin}/` },
      403,
    ],
    ["the Origin null, whatever the Referer", { Origin: "null", Referer: `${pageOrigin}/` }, 403],
    ["a listed Origin among others", { Origin: `${pageOrigin}, https://evil.example` }, 403],
    ["a listed Origin twice", { Origin: `${pageOrigin}\r\nOrigin: https://evil.example` }, 403],
    ["a Referer that begins like a listed one", { Referer: `${pageOrigin}.evil.example/` }, 403],
    ["a Referer that is no URL", { Referer: "app.example" }, 403],
    ["neither", {}, 403],
  ];
  it.each(rows)("POST with %s", async (_name, headers, status) => {
    const cookie = await withToken({ Cookie: `${cookieName}=GOOD` });
    expect((await publish(hub(), "topic=a", { ...cookie, ...headers })).status).toBe(status);
  });

  it.each([
    ["*", "https://any.example", 200],
    ["*", undefined, 403],
    ["https://*.app.example", "https://a.app.example", 200],
    ["https://*.app.example", "https://app.example", 403],
    ["", "https://hub.example", 403],
  ])("with the publish origins %j a POST of %s gets %i", async (origins, origin, status) => {
    const site = await startHub({ PHAROS_PUBLISH_ORIGIN: origins });
    const cookie = await withToken({ Cookie: `${cookieName}=GOOD` });
    const headers = { ...cookie, ...(origin === undefined ? {} : { Origin: origin }) };
    expect((await publish(site, "topic=a", headers)).status).toBe(status);
  });

  it.each(["GET", "HEAD"])("%s needs no origin: it changes nothing", async (method) => {
    const headers = await withToken({ Cookie: `${cookieName}=GOOD`, Origin: "https://evil.example" });
    expect((await request(hub(), "match=a", { method, headers })).status).toBe(200);
  });

  it("is never set by the hub: whoever makes the token sets it", async () => {
    for (const path of [`${mercurePath}?match=a`, "/", "/healthz"])
      expect((await ask(hub(), requestBytes({ path }))).headers.get("set-cookie")).toBeUndefined();
  });
});
