import { expect, it } from "vitest";
import { mercurePath } from "../../../../src/protocol.js";
import { freshTopic, within } from "../../../contract/client.js";
import type { Headers } from "../../../contract/mercure-client.js";
import { bearer, post, subscribe } from "../../../contract/mercure-client.js";
import { withExpiringToken } from "../../../support/expiring-token.js";
import { olderToken, signOlder } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, hubOfFile, pageOrigin, publish, request, startHub } from "../../hub.js";

const hub = hubOfFile();
const now = (): number => Math.floor(Date.now() / 1000);

/**
 * Replaces `A`, `B` and `C` in a text by tokens. Each token grants the topic of this name below the test's own topic.
 */
async function withTokens(own: string, text: string): Promise<string> {
  const tokens = new Map<string, string>();
  for (const name of ["A", "B", "C"]) tokens.set(name, await olderToken({ subscribe: [`${own}/${name}`] }));
  return text.replaceAll(/\b[ABC]\b/g, (name) => tokens.get(name) ?? "");
}

box("older", "Token precedence", () => {
  const rows: readonly (readonly [string, string, Headers, string | undefined])[] = [
    ["the header", "", { Authorization: "Bearer A" }, "A"],
    ["the query", "&authorization=B", {}, "B"],
    ["the cookie", "", { Cookie: "mercureAuthorization=C" }, "C"],
    ["header before query", "&authorization=B", { Authorization: "Bearer A" }, "A"],
    ["header before cookie", "", { Authorization: "Bearer A", Cookie: "mercureAuthorization=C" }, "A"],
    ["query beside another scheme", "&authorization=B", { Authorization: "Basic eA==" }, "B"],
    ["query before cookie", "&authorization=B", { Cookie: "mercureAuthorization=C" }, "B"],
    [
      "header before both",
      "&authorization=B",
      { Authorization: "Bearer A", Cookie: "mercureAuthorization=C" },
      "A",
    ],
    [
      "the cookie, the one of the current form being empty",
      "",
      { Cookie: "__Secure-mercure_access_token=; mercureAuthorization=C" },
      "C",
    ],
    ["the cookie, the query's being empty", "&authorization=", { Cookie: "mercureAuthorization=C" }, "C"],
    ["another cookie", "", { Cookie: "mercureauthorization=C" }, undefined],
    ["another parameter", "&Authorization=B", {}, undefined],
  ];
  it.each(rows)("%s", async (...[, parameters, headers, reads]) => {
    const own = freshTopic();
    const pairs = Object.entries(headers).map(async ([name, value]) => [name, await withTokens(own, value)]);
    const query = `topic=${own}&topic=${own}/{name}${await withTokens(own, parameters)}`;
    const stream = await subscribe(hub(), query, Object.fromEntries(await Promise.all(pairs)));
    for (const name of ["A", "B", "C"]) await publish(hub(), `topic=${own}/${name}&data=${name}&private`);
    expect(await dataBefore(hub(), stream, own)).toEqual(reads === undefined ? [] : [reads]);
  });

  it.each([
    ["a bad header, a good query", { Authorization: "Bearer x.y.z" }, "good", 401],
    ["a malformed header, a good query", { Authorization: "Bearer a b" }, "good", 400],
    ["a bad query", {}, "x.y.z", 401],
    ["two good ones in the query", {}, "good&authorization=good", 400],
  ])("%s gets no stream", async (...[, headers, authorization, status]) => {
    const token = await olderToken({ subscribe: ["*"] });
    const query = `topic=a&authorization=${authorization.replaceAll("good", token)}`;
    expect((await request(hub(), query, { headers })).status).toBe(status);
  });

  it("a token in the query of a POST counts as the header would", async () => {
    const token = await olderToken({ publish: ["*"] });
    const path = `${mercurePath}?authorization=${token}`;
    expect((await post(hub(), { path, body: "topic=a", headers: {} })).status).toBe(200);
  });

  it.each<[string, () => object, number]>([
    ["neither exp nor nbf", () => ({}), 200],
    ["an exp to come", () => ({ exp: now() + 60 }), 200],
    ["an exp that has been", () => ({ exp: now() - 1 }), 401],
    ["an exp that is no number", () => ({ exp: "never" }), 401],
    ["an nbf that has been", () => ({ nbf: now() - 1 }), 200],
    ["an nbf to come", () => ({ nbf: now() + 60 }), 401],
  ])("%s", async (_name, claims, status) => {
    const token = await signOlder({ mercure: { publish: ["*"] }, ...claims() });
    expect((await publish(hub(), "topic=a", bearer(token))).status).toBe(status);
  });
});

box("older", "Cookie on POST", () => {
  const rows: readonly (readonly [string, string, Headers, number])[] = [
    ["a listed Origin", pageOrigin, { Origin: pageOrigin }, 200],
    ["a listed Referer", pageOrigin, { Referer: `${pageOrigin}/page` }, 200],
    ["Origin before Referer", pageOrigin, { Origin: "https://evil.example", Referer: pageOrigin }, 403],
    ["another Origin", pageOrigin, { Origin: "https://evil.example" }, 403],
    ["another Referer", pageOrigin, { Referer: "https://evil.example/" }, 403],
    ["neither", pageOrigin, {}, 403],
    ["any Origin with *", "*", { Origin: "https://any.example" }, 200],
    ["neither with *", "*", {}, 403],
    ["an Origin of a pattern", "https://*.app.example", { Origin: "https://a.app.example" }, 200],
    ["an Origin beside a pattern", "https://*.app.example", { Origin: "https://app.example" }, 403],
    ["a port of a pattern", "http://localhost:*", { Origin: "http://localhost:3000" }, 200],
    ["a host beside a pattern", "http://localhost:*", { Origin: "http://localhost.evil:3000" }, 403],
  ];
  it.each(rows)("%s", async (...[, origins, headers, status]) => {
    const site = origins === pageOrigin ? hub() : await startHub({ PHAROS_PUBLISH_ORIGIN: origins });
    const Cookie = `mercureAuthorization=${await olderToken({ publish: ["*"] })}`;
    expect((await publish(site, "topic=a", { Cookie, ...headers })).status).toBe(status);
  });

  it.each(["GET", "HEAD"])("%s is not checked", async (method) => {
    const Cookie = `mercureAuthorization=${await olderToken({ subscribe: ["*"] })}`;
    const headers = { Cookie, Origin: "https://evil.example" };
    expect((await request(hub(), "topic=a", { method, headers })).status).toBe(200);
  });
});

box("older", "Claims", () => {
  const many = (length: number): readonly string[] => Array.from({ length }, (_each, index) => `${index}`);
  const key = "https://mercure.rocks/";
  it.each<[string, object, number]>([
    ["mercure", { mercure: { publish: ["a"] } }, 200],
    [key, { [key]: { publish: ["a"] } }, 200],
    ["both, of which the URL wins", { [key]: { publish: ["a"] }, mercure: { publish: ["b"] } }, 200],
    [
      "both, of which the URL wins, granting less",
      { [key]: { publish: ["b"] }, mercure: { publish: ["a"] } },
      403,
    ],
    ["a payload that is an object", { mercure: { publish: ["a"], payload: { user: 1 } } }, 200],
    ["a payload that is a text", { mercure: { publish: ["a"], payload: "x" } }, 200],
    ["1000 selectors", { mercure: { publish: ["a", ...many(999)] } }, 200],
    ["1001 selectors", { mercure: { publish: ["a", ...many(1000)] } }, 401],
    ["1001 selectors to subscribe", { mercure: { publish: ["a"], subscribe: many(1001) } }, 401],
    ["no claim", { sub: "x" }, 401],
    ["a claim that is a list", { mercure: ["a"] }, 401],
    ["a list that is a text", { mercure: { publish: "a" } }, 401],
    ["a selector that is a number", { mercure: { publish: ["a", 1] } }, 401],
  ])("%s", async (_name, claims, status) => {
    const headers = bearer(await signOlder({ ...claims }));
    expect((await publish(hub(), "topic=a", headers)).status).toBe(status);
  });
});

box("older", "Publish allowed", () => {
  it.each<[unknown, string, number]>([
    [["a"], "topic=a", 200],
    [["*"], "topic=a&topic=b", 200],
    [["a", "b"], "topic=a&topic=b", 200],
    [["a"], "topic=a&topic=b", 403],
    [["b"], "topic=a&topic=b", 403],
    [["x", "*"], "topic=a&topic=b", 200],
    [["/books/{id}"], "topic=/books/1&topic=/books/2", 200],
    [["/books/{id}"], "topic=/books/1&topic=/books/1/2", 403],
    [["/books/{id}"], "topic=/books/{id}", 200],
    [[], "topic=a", 403],
    [undefined, "topic=a", 403],
    [["b"], "topic=a&private", 403],
  ])(
    "the list %j for %s gets %i, and nothing is dispatched where it is refused",
    async (list, body, status) => {
      const stream = await subscribe(hub(), "topic=*", bearer(await olderToken({ subscribe: ["*"] })));
      const token = await signOlder({ mercure: { publish: list, subscribe: ["*"] } });
      expect((await publish(hub(), body, bearer(token))).status).toBe(status);
      expect(await dataBefore(hub(), stream, "end")).toHaveLength(status === 200 ? 1 : 0);
    },
  );
});

box("older", "Private update delivered", () => {
  it.each([
    ["topic=OWN/a", ["OWN/a"], true],
    ["topic=OWN/a", ["OWN/b"], true],
    ["topic=OWN/b", ["OWN/{x}"], true],
    ["topic=OWN/{x}", ["OWN/a"], true],
    ["topic=*", ["OWN/b"], true],
    ["topic=OWN/a", ["*"], true],
    ["topic=OWN/a", ["OWN/c"], false],
    ["topic=OWN/a", [], false],
    ["topic=OWN/c", ["*"], false],
  ])("%s with the list %j gets one of OWN/a and OWN/b: %s", async (matchers, list, isRead) => {
    const own = freshTopic();
    const named = (text: string): string => text.replace("OWN", own);
    const headers = bearer(await olderToken({ subscribe: list.map(named) }));
    const stream = await subscribe(hub(), `${named(matchers)}&topic=${own}`, headers);
    await publish(hub(), `topic=${own}/a&topic=${own}/b&private&data=secret`);
    expect((await dataBefore(hub(), stream, own)).includes("secret")).toBe(isRead);
  });

  it("without a token none comes", async () => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `topic=${topic}`);
    await publish(hub(), `topic=${topic}&private&data=secret`);
    expect(await dataBefore(hub(), stream, topic)).toEqual([]);
  });
});

box("older", "Close at exp", () => {
  it("the hub ends the stream by itself", async () => {
    const stream = await withExpiringToken(async (seconds) => {
      const claims = { mercure: { subscribe: ["*"] }, exp: Date.now() / 1000 + seconds };
      return subscribe(hub(), "topic=a", bearer(await signOlder(claims)));
    });
    await stream.connection.readToEnd({ within });
    expect(stream.connection.error).toBeUndefined();
  });
});
