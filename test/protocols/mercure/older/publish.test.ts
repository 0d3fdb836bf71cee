import { expect, it } from "vitest";
import { freshTopic } from "../../../contract/client.js";
import type { ResponseText } from "../../../contract/http-text.js";
import type { Headers } from "../../../contract/mercure-client.js";
import { bearer, subscribe } from "../../../contract/mercure-client.js";
import type { Site } from "../../../contract/site.js";
import { olderToken, signOlder } from "../../../support/token.js";
import { box } from "../../boxes.js";
import { dataBefore, hubOfFile, pageOrigin, publish, request } from "../../hub.js";

const hub = hubOfFile();

/** Publishes as an older client does. */
async function publishOlder(body: string, site: Site = hub()): Promise<ResponseText> {
  return publish(site, body, bearer(await olderToken({ publish: ["*"] })));
}

box("older", "Publish fields", () => {
  const topics = (count: number): string =>
    Array.from({ length: count }, (_each, index) => `topic=${index}`).join("&");
  it.each([
    ["no topic", "data=x", 400],
    ["a topic", "topic=a", 200],
    ["several topics", "topic=a&topic=b&data=x", 200],
    ["1001 topics", topics(1001), 400],
    ["an id", "topic=a&id=urn:older", 200],
    ["an id with NUL", "topic=a&id=a%00", 400],
    ["an id with CR", "topic=a&id=a%0D", 400],
    ["an id with LF", "topic=a&id=a%0Ab", 400],
    ["an id that starts with #", "topic=a&id=%23a", 400],
    ["a type", "topic=a&type=t", 200],
    ["a type with NUL", "topic=a&type=a%00", 400],
    ["a type with CR", "topic=a&type=a%0D", 400],
    ["a type with LF", "topic=a&type=a%0A", 400],
    ["a retry", "topic=a&retry=1000", 200],
    ["a retry that is none", "topic=a&retry=soon", 400],
    ["a negative retry", "topic=a&retry=-1", 400],
    ["a retry with a fraction", "topic=a&retry=1.5", 400],
    ["the hub's path", "topic=/.well-known/mercure", 403],
    ["a topic below it", "topic=/.well-known/mercure/subscriptions/a/b", 403],
    ["a topic that holds it", "topic=https://other.example/x/.well-known/mercure/y", 403],
    ["a topic that holds it in its query", "topic=/x?/.well-known/mercure", 403],
    ["one such topic among others", "topic=a&topic=/.well-known/mercure/x", 403],
    ["an unknown field", "topic=a&foo=bar", 200],
  ])("%s: %s", async (...[, body, status]) => {
    expect((await publishOlder(body)).status).toBe(status);
  });

  it.each([
    ["data=x", 'Missing "topic" parameter'],
    ["topic=a&retry=soon", "a reconnection time is a whole number"],
  ])("%s is told what is wrong", async (body, words) => {
    expect(JSON.parse((await publishOlder(body)).body)).toMatchObject({
      detail: expect.stringContaining(words),
    });
  });

  it.each(["private", "private=", "private=on", "private=false"])("%s is private", async (field) => {
    const topic = freshTopic();
    const stream = await subscribe(hub(), `topic=${topic}`);
    await publishOlder(`topic=${topic}&data=secret&${field}`);
    expect(await dataBefore(hub(), stream, topic)).toEqual([]);
  });

  it("each of several topics is one that it is delivered for, once", async () => {
    const topic = freshTopic();
    for (const query of [`topic=${topic}`, `topic=${topic}/b`, `topic=${topic}&topic=${topic}{/x}`]) {
      const stream = await subscribe(hub(), query);
      await publishOlder(`topic=${topic}&topic=${topic}/b&data=x`);
      const end = query === `topic=${topic}/b` ? `${topic}/b` : topic;
      expect(await dataBefore(hub(), stream, end)).toEqual(["x"]);
    }
  });
});

box("older", "Success", () => {
  it.each([
    ["topic=a", /^#[A-Za-z0-9_-]+:\d+$/],
    [
      "topic=a&id=urn:uuid:5e94c686-2c0b-4f9b-958c-92ccc3bbb4eb",
      /^urn:uuid:5e94c686-2c0b-4f9b-958c-92ccc3bbb4eb$/,
    ],
  ])("%s gets 200, text/plain and the id alone", async (body, id) => {
    const answer = await publishOlder(body);
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(answer.body).toMatch(id);
  });
});

box("older", "Failure status", () => {
  const rows: readonly (readonly [string, () => Promise<Headers>, number])[] = [
    ["no token", async () => ({}), 401],
    ["a bad token", async () => bearer("a.b.c"), 401],
    ["a token without the claim", async () => bearer(await signOlder({ sub: "x" })), 401],
    ["a token for another topic", async () => bearer(await olderToken({ publish: ["b"] })), 403],
    ["a token that allows to read alone", async () => bearer(await olderToken({ subscribe: ["*"] })), 403],
    [
      "a cookie from a bad origin",
      async () => ({
        Cookie: `mercureAuthorization=${await olderToken({ publish: ["*"] })}`,
        Origin: "https://evil.example",
      }),
      403,
    ],
    [
      "a cookie from a good origin",
      async () => ({
        Cookie: `mercureAuthorization=${await olderToken({ publish: ["*"] })}`,
        Origin: pageOrigin,
      }),
      200,
    ],
  ];
  it.each(rows)("publishing with %s", async (_name, headers, status) => {
    expect((await publish(hub(), "topic=a", await headers())).status).toBe(status);
  });

  it("a subscriber with a bad token gets 401, even for what is public", async () => {
    for (const query of ["topic=a", "topic=a&authorization=a.b.c"]) {
      const headers = query === "topic=a" ? bearer("a.b.c") : {};
      expect((await request(hub(), query, { headers })).status).toBe(401);
    }
  });
});
