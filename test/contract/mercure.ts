import { describe, expect, it } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { withExpiringToken } from "../support/expiring-token.js";
import { currentToken, hubUrl, olderToken } from "../support/token.js";
import { ask, freshTopic, openStream, within } from "./client.js";
import type { ClientStream } from "./client.js";
import type { Contract } from "./sites.js";
import { requestBytes } from "./http-text.js";
import type { Fields } from "./mercure-client.js";
import { formType, bearer, form, post, subscribe } from "./mercure-client.js";

/** Tests the Mercure protocol over a front. The tests of the gateway cover the meaning of forms and queries. */
export function testMercure({ mercureSite: site }: Contract): void {
  describe("a Mercure publication", () => {
    it("reaches subscribers of the current and of the older form, with its id, and no others", async () => {
      const topic = freshTopic();
      const streams = await Promise.all([
        subscribe(site(), `match=${topic}`),
        subscribe(site(), `match_mqtt=${topic}/%23`),
        subscribe(site(), `topic=${topic}`),
        subscribe(site(), `topic=contract/%7Bnumber%7D`),
        openStream(site(), { query: `topic=${topic}` }),
      ]);
      const stranger = await subscribe(site(), "match=another");
      const fields: Fields = [
        ["topic", topic],
        ["data", "first\nsecond: ü"],
        ["id", `urn:${topic}`],
        ["type", "greeting"],
      ];
      const token = await currentToken({ publish: [topic] });
      const answer = await post(site(), { body: form(fields), headers: bearer(token) });
      expect([answer.status, answer.headers.get("content-type"), answer.body]).toEqual([
        200,
        "text/plain; charset=utf-8",
        `urn:${topic}`,
      ]);
      for (const stream of streams) {
        await stream.connection.readUntil("\n\n", { within });
        await stream.until("first\ndata: second: ü");
        expect(stream.events).toEqual([
          { id: `urn:${topic}`, event: "greeting", data: "first\nsecond: ü", comments: [] },
        ]);
      }
      expect(stranger.events).toEqual([]);
    });

    it.each([
      { what: "none", headers: {}, gets: [401, "Bearer"] },
      { what: "not signed", headers: bearer("a.b.c"), gets: [401, 'Bearer error="invalid_token"'] },
      {
        what: "of another scheme",
        headers: { Authorization: "Basic eA==" },
        gets: [401, "Bearer"],
      },
      {
        // If a request has two `Authorization` headers, Node's HTTP server silently drops the second.
        what: "one of two in two headers",
        headers: bearer("a.b.c\r\nAuthorization: Bearer d.e.f"),
        gets: [400, 'Bearer error="invalid_request"'],
      },
    ])("is refused where the token is $what", async ({ headers, gets }) => {
      const answer = await post(site(), { body: "topic=a", headers });
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual(gets);
    });

    it("is refused where the token does not grant every topic", async () => {
      const headers = bearer(await currentToken({ publish: ["a"] }));
      expect((await post(site(), { body: "topic=a&topic=b", headers })).status).toBe(403);
    });

    it("may be made with a token of the older form", async () => {
      const headers = bearer(await olderToken({ publish: ["*"] }));
      expect((await post(site(), { body: "topic=a", headers })).status).toBe(200);
    });
  });

  describe("a private publication", () => {
    it("reaches, live and in replay, only those whose token grants one of its topics", async () => {
      const [topic, other] = [freshTopic(), freshTopic()];
      const reader = bearer(await currentToken({ subscribe: [topic] }));
      const readers = {
        current: await subscribe(site(), "match=*", reader),
        older: await subscribe(site(), `topic=${topic}`, bearer(await olderToken({ subscribe: [topic] }))),
        queried: await subscribe(
          site(),
          `topic=${topic}&authorization=${await olderToken({ subscribe: ["*"] })}`,
        ),
        elsewhere: await subscribe(
          site(),
          `match=${topic}`,
          bearer(await currentToken({ subscribe: [other] })),
        ),
        stranger: await subscribe(site(), "match=*"),
      };
      const headers = bearer(await currentToken({ publish: ["*"] }));
      const secretId = (await post(site(), { body: `topic=${topic}&data=secret&private`, headers })).body;
      await post(site(), { body: `topic=${topic}&data=public`, headers });
      const got = async (stream: ClientStream): Promise<readonly unknown[]> => {
        await stream.until("public");
        return stream.events
          .filter(({ data }) => data === "secret" || data === "public")
          .map(({ data }) => data);
      };
      for (const stream of [readers.current, readers.older, readers.queried])
        expect(await got(stream)).toEqual(["secret", "public"]);
      for (const stream of [readers.elsewhere, readers.stranger])
        expect(await got(stream)).toEqual(["public"]);
      const before = `#${secretId.slice(1).split(":")[0]}:${Number(secretId.split(":")[1]) - 1}`;
      const resume = { "Last-Event-ID": before };
      expect(await got(await subscribe(site(), `match=${topic}`, { ...reader, ...resume }))).toEqual([
        "secret",
        "public",
      ]);
      expect(await got(await subscribe(site(), `match=${topic}`, resume))).toEqual(["public"]);
    });

    // Another test, which runs the fan-out with a virtual clock, shows that the stream never ends later.
    it("ends when the token expires, or up to a second before", async () => {
      const { stream, expiresAtMs } = await withExpiringToken(async (lifetimeSeconds) => {
        const expiresAtMs = (Math.floor(Date.now() / 1000) + lifetimeSeconds) * 1000;
        const headers = bearer(await currentToken({ subscribe: ["*"], lifetimeSeconds }));
        return { stream: await subscribe(site(), "match=*", headers), expiresAtMs };
      });
      await stream.connection.readToEnd({ within });
      expect(Date.now()).toBeGreaterThan(expiresAtMs - 1100);
    });
  });

  describe("a Mercure stream", () => {
    it("names the event from which it resumes", async () => {
      const topic = freshTopic();
      const headers = bearer(await currentToken({ publish: ["*"] }));
      await post(site(), { body: `topic=${topic}&id=urn:1:${topic}&data=1`, headers });
      await post(site(), { body: `topic=${topic}&data=2`, headers });
      const stream = await subscribe(site(), `match=${topic}&last_event_id=urn:1:${topic}`);
      const head = stream.connection.text.split("\r\n\r\n")[0];
      expect(head).toContain(`Mercure-Last-Event-ID: urn:1:${topic}`);
      expect(await stream.dataUntil("2")).toEqual(["2"]);
    });

    it.each(["", "Match=a", "match=a&topic=a", "match_foo=a", "match_mqtt=a%23"])(
      "is refused for the query %j",
      async (query) => {
        const answer = await ask(site(), requestBytes({ path: `${mercurePath}?${query}` }));
        expect(answer.status).toBe(400);
      },
    );

    it("describes its hub", async () => {
      const path = `/.well-known/oauth-protected-resource${mercurePath}`;
      const answer = await ask(site(), requestBytes({ path }));
      expect(JSON.parse(answer.body)).toMatchObject({ resource: hubUrl });
    });
  });

  describe("publishing without a form", () => {
    it("accepts raw bodies, and many publications per request", async () => {
      const topic = freshTopic();
      const stream = await subscribe(site(), `match=${topic}`);
      const headers = bearer(await currentToken({ publish: [topic] }));
      const raw = await post(site(), { path: `/publish/${topic}`, type: "text/plain", body: "one", headers });
      expect([raw.status, JSON.parse(raw.body)]).toEqual([200, { id: expect.stringMatching(/^#/) }]);
      const lines = ["two", "three"].map((data) => JSON.stringify({ topic, data })).join("\n");
      const many = await post(site(), {
        path: "/publish",
        type: "application/x-ndjson",
        body: lines,
        headers,
      });
      expect(JSON.parse(many.body)).toEqual({
        ids: [expect.stringMatching(/^#/), expect.stringMatching(/^#/)],
      });
      const json = await post(site(), {
        path: "/publish",
        type: "application/json",
        body: JSON.stringify([{ topic, data: { four: 4 } }]),
        headers,
      });
      expect(JSON.parse(json.body)).toEqual({ id: expect.stringMatching(/^#/), ids: [expect.any(String)] });
      const form = { path: "/publish", type: formType, body: `topic=${topic}&data=five`, headers };
      expect(JSON.parse((await post(site(), form)).body)).toEqual({
        id: expect.stringMatching(/^#/),
        ids: [expect.any(String)],
      });
      expect(await stream.dataUntil("five")).toEqual(["one", "two", "three", '{"four":4}', "five"]);
    });

    it.each([
      [
        "application/json",
        '[{"topic":"a","data":1},{"topic":"a","data":1,"retain":1}]',
        400,
        /^publication 2: retain /,
      ],
      ["application/json", '[{"topic":"a","data":1}', 400, /^the body is not JSON/],
      [formType, "topic=a&data=1&private=yes", 400, /^private must be true or false/],
      [
        "text/json",
        "{}",
        415,
        /application\/json .*application\/x-ndjson .*application\/x-www-form-urlencoded/,
      ],
    ])("refuses a body of the type %s with a reason: %s", async (type, body, ...expected) => {
      const [status, detail] = expected;
      const headers = bearer(await currentToken({ publish: ["*"] }));
      const answer = await post(site(), { path: "/publish", type, body, headers });
      expect([answer.status, JSON.parse(answer.body)]).toEqual([
        status,
        expect.objectContaining({ detail: expect.stringMatching(detail) }),
      ]);
    });

    it("answers a repeat with the first id and delivers nothing", async () => {
      const topic = freshTopic();
      const stream = await subscribe(site(), `match=${topic}`);
      const headers = { ...bearer(await currentToken({ publish: [topic] })), "Idempotency-Key": topic };
      const send = async (body: string): Promise<string> =>
        (await post(site(), { path: `/publish/${topic}`, type: "text/plain", body, headers })).body;
      expect(await send("once")).toBe(await send("once"));
      await post(site(), {
        path: `/publish/${topic}`,
        type: "text/plain",
        body: "end",
        headers: { ...headers, "Idempotency-Key": `${topic}/end` },
      });
      expect(await stream.dataUntil("end")).toEqual(["once", "end"]);
    });
  });
}
