import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { HttpPublisher } from "../../src/publisher/http-publisher.js";
import { freePort } from "../support/free-port.js";
import { answering, FakeHub, open, problem } from "./fake-hub.js";

describe("HttpPublisher", () => {
  it("publishes any JSON as data, and bytes as their text", async () => {
    const { hub, publisher } = await open();
    for (const data of [{ n: [1, null] }, 7, false, null, new Date(0), Buffer.from("é"), "text", undefined])
      await publisher.publish({ data });
    expect(hub.requests.map(({ body }) => new URLSearchParams(body).get("data"))).toEqual([
      '{"n":[1,null]}',
      "7",
      "false",
      "null",
      '"1970-01-01T00:00:00.000Z"',
      "é",
      "text",
      "",
    ]);
    await expect(publisher.publish({ data: { n: 1n } })).rejects.toMatchObject({ code: "bad-publication" });
  });

  it("publishes a form to the hub's URL, and resolves with the event id", async () => {
    const { hub, publisher } = await open({ token: "a.b-c_d" });
    expect(await publisher.publish({ data: "1" })).toBe("#e:1");
    const whole = {
      topic: ["news/日本", "b"],
      data: "x&y=\r\né",
      id: "7",
      type: "t",
      retry: 500,
      private: true,
    };
    expect(await publisher.publish(whole)).toBe("#e:2");
    expect(hub.requests).toMatchObject([
      { method: "POST", path: "/.well-known/mercure", headers: { authorization: "Bearer a.b-c_d" } },
      { headers: { "content-type": "application/x-www-form-urlencoded" } },
    ]);
    expect(hub.requests.map(({ body }) => Array.from(new URLSearchParams(body)))).toEqual([
      [
        ["topic", "broadcast"],
        ["data", "1"],
      ],
      [
        ["topic", "news/日本"],
        ["topic", "b"],
        ["data", "x&y=\r\né"],
        ["private", "on"],
        ["id", "7"],
        ["type", "t"],
        ["retry", "500"],
      ],
    ]);
  });

  it("sends no header of a page or a proxy", async () => {
    const { hub, publisher } = await open();
    await publisher.publish({ data: "1" });
    for (const name of [
      "origin",
      "referer",
      "cookie",
      "via",
      "forwarded",
      "x-forwarded-for",
      "authorization",
    ])
      expect(hub.requests[0]?.headers).not.toHaveProperty(name);
  });

  it("sends a line of JSON if a form cannot express the publication", async () => {
    const { hub, publisher } = await open({ token: "t" });
    expect(await publisher.publish({ topic: "a", data: "1", retain: true })).toBe("#e:1");
    expect(await publisher.publish({ topic: ["a", "b"], data: "2" }, { idempotencyKey: "k" })).toBe("#e:2");
    expect(hub.requests).toMatchObject([
      {
        path: "/publish",
        body: '{"topic":"a","data":"1","retain":true}\n',
        headers: { authorization: "Bearer t" },
      },
      {
        path: "/publish",
        body: '{"topic":["a","b"],"data":"2"}\n',
        headers: { "content-type": "application/x-ndjson", "idempotency-key": "k" },
      },
    ]);
  });

  it("publishes a batch in one request", async () => {
    const { hub, publisher } = await open();
    expect(await publisher.publishBatch([{ data: "1" }, { data: "2" }])).toEqual(["#e:1", "#e:2"]);
    expect(hub.requests).toHaveLength(1);
    expect(hub.data).toEqual(["1", "2"]);
  });

  it("keeps the order of calls that do not wait for each other, and keeps its connection", async () => {
    const { hub, publisher } = await open();
    const ids = await Promise.all(
      Array.from({ length: 50 }, (_, n) => publisher.publish({ data: String(n) })),
    );
    expect(hub.data).toEqual(Array.from({ length: 50 }, (_, n) => String(n)));
    expect(ids).toEqual(Array.from({ length: 50 }, (_, n) => `#e:${n + 1}`));
    // The client may open a second connection before the first connection is free again.
    expect(new Set(hub.requests.map(({ connection }) => connection)).size).toBeLessThanOrEqual(2);
  });

  it("waits for a hub that is just starting", async () => {
    const port = await freePort();
    const publisher = new HttpPublisher(`http://127.0.0.1:${port}`);
    const published = publisher.publish({ data: "1" });
    const hub = await FakeHub.start(port);
    expect(await published).toBe("#e:1");
    expect(hub.data).toEqual(["1"]);
  });

  it("says that a hub cannot be reached", async () => {
    const publisher = new HttpPublisher(`http://127.0.0.1:${await freePort()}`, { timeoutMs: 3000 });
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject({
      code: "unreachable",
      message: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+ cannot be reached: connect ECONNREFUSED/),
    });
  });

  // Bug: if the time-out ended during an attempt to connect, the error said that the hub had not answered and might
  // have stored the publication. Without a hub, a third of the runs on a busy machine had this error.
  it("says that a hub cannot be reached, at whatever point of an attempt the time-out ends", async () => {
    const nobody = `http://127.0.0.1:${await freePort()}`;
    const outcomes: Promise<unknown>[] = [];
    for (let n = 0; n < 50; n += 1) {
      const publisher = new HttpPublisher(nobody, { timeoutMs: 2000 });
      outcomes.push(publisher.publish({ data: "1" }).catch((error: unknown) => error));
      await delay(2);
    }
    for (const outcome of await Promise.all(outcomes)) expect(outcome).toMatchObject({ code: "unreachable" });
  });

  it("says so at once for a port that fetch refuses", async () => {
    await expect(new HttpPublisher("http://127.0.0.1:9").publish({ data: "1" })).rejects.toMatchObject({
      code: "unreachable",
      message: "http://127.0.0.1:9 cannot be reached: bad port",
    });
  });

  it("says so at once for a server without TLS", async () => {
    const { hub } = await open();
    const publisher = new HttpPublisher(hub.origin.replace("http:", "https:"));
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject({ code: "unreachable" });
  });

  it("says that the outcome is unknown without a response, and continues", async () => {
    const { hub, publisher } = await open();
    const quick = new HttpPublisher(hub.origin, { timeoutMs: 500 });
    hub.hook = () => true;
    await expect(quick.publish({ data: "1" })).rejects.toMatchObject({
      code: "not-taken",
      message: expect.stringMatching(
        /did not answer within 0.5 s; it is unknown whether the hub accepted the publication$/,
      ),
    });
    hub.hook = (_, response) => {
      response.destroy();
      return true;
    };
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject({
      code: "not-taken",
      message: expect.stringMatching(/^the connection to .* broke \(.+\); it is unknown/),
    });
    hub.hook = () => false;
    expect(await publisher.publish({ data: "2" })).toBe("#e:1");
  });

  it("abandons a response that never ends", async () => {
    const { hub, publisher } = await open();
    hub.hook = (_, response) => {
      response.writeHead(200);
      const more = (): void => {
        while (response.write("x".repeat(65_536)));
        response.once("drain", more);
      };
      more();
      return true;
    };
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject({
      code: "not-taken",
      message: expect.stringContaining("larger than 4 MiB"),
    });
  });

  it.each([
    ["problem details", problem(403, "not\u001b[31m these\ntopics"), "refused, 403: not [31m these topics"],
    ["text", answering(401, "text/plain", "Unauthorized\nmore"), "refused, 401: Unauthorized"],
    ["a page", answering(404, "text/html", "<h1>no</h1>"), "refused, 404: no reason given"],
    ["nothing", answering(400, "text/plain", ""), "refused, 400: no reason given"],
    ["JSON of another form", answering(400, "application/json", "[1"), "refused, 400: no reason given"],
    ["much text", answering(400, "text/plain", "x".repeat(999)), `refused, 400: ${"x".repeat(300)}…`],
    ["too many requests", problem(429, "later"), "not-taken, 429: later"],
    ["a failure", problem(503, "busy"), "not-taken, 503: busy"],
    ["a success that is none", answering(202, "text/plain", "ok"), "refused, 202: ok"],
  ])("reports the hub's reason: %s", async (_, hook, told) => {
    const { hub, publisher } = await open();
    hub.hook = hook;
    const [code, reason = ""] = told.split(/, (.*)/);
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject({
      code,
      message: `the hub refused the request with status ${reason}`,
    });
  });

  it("waits as long as Retry-After says", async () => {
    const { hub, publisher } = await open();
    let asked = 0;
    hub.hook = (_, response) => {
      asked += 1;
      if (asked > 2) return false;
      response.writeHead(429, { "Retry-After": "0" }).end();
      return true;
    };
    expect(await publisher.publish({ data: "1" })).toBe("#e:1");
    expect(asked).toBe(3);
  });

  it("does not wait longer than its time-out", async () => {
    const { hub, publisher } = await open({ timeoutMs: 30_000 });
    hub.hook = (_, response) => {
      response.writeHead(503, { "Retry-After": "3600" }).end("busy");
      return true;
    };
    const refused = { code: "not-taken", message: "the hub refused the request with status 503: busy" };
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject(refused);
  });

  it("does not follow a redirect with its token", async () => {
    const { hub, publisher } = await open({ token: "t" });
    hub.hook = (_, response) => {
      response.writeHead(307, { Location: "http://127.0.0.1:1/" }).end();
      return true;
    };
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(
        /^the hub refused the request with status 307: the server redirects to another URL; a publisher does not send its token there/,
      ),
    });
  });

  it.each([
    ["a page", answering(200, "text/html", "<p>welcome</p>")],
    ["nothing", answering(200, "text/plain", " \n")],
    ["several lines", answering(200, "text/plain", "a\nb")],
  ])("does not accept %s as the response of a hub", async (_, hook) => {
    const { hub, publisher } = await open();
    hub.hook = hook;
    await expect(publisher.publish({ data: "1" })).rejects.toMatchObject({
      code: "refused",
      message: expect.stringMatching(/not a hub/),
    });
  });

  it.each(["{}", "[]", "x", '{"ids":["1"]}', '{"ids":"12"}'])(
    "does not accept %s as the response to two lines",
    async (text) => {
      const { hub, publisher } = await open();
      hub.hook = answering(200, "application/json", text);
      await expect(publisher.publishBatch([{ data: "1" }, { data: "2" }])).rejects.toMatchObject({
        code: "refused",
      });
    },
  );

  it("refuses invalid publications without a request", async () => {
    const { hub, publisher } = await open();
    await expect(publisher.publish({ topic: "*", data: "1" })).rejects.toMatchObject({ code: "bad-topic" });
    await expect(publisher.publish({ topic: [], data: "1" })).rejects.toMatchObject({ code: "bad-topic" });
    const batch = [{ data: "1" }, { id: "#1" }];
    await expect(publisher.publishBatch(batch)).rejects.toMatchObject({ code: "bad-event-id" });
    expect(hub.requests).toEqual([]);
  });

  it("publishes nothing after close, which is safe to call twice, and finishes earlier calls", async () => {
    const { publisher } = await open();
    const published = publisher.publish({ data: "1" });
    await Promise.all([publisher.close(), publisher.close()]);
    expect(await published).toBe("#e:1");
    await expect(publisher.publish({ data: "2" })).rejects.toMatchObject({ code: "closed" });
  });

  it.each(["", "ftp://x", "127.0.0.1:8080", "http://user:secret@example.org"])(
    "refuses the URL %j",
    (url) => {
      expect(() => new HttpPublisher(url)).toThrow(expect.objectContaining({ code: "bad-endpoint" }));
      expect(() => new HttpPublisher(url)).not.toThrow(/secret/);
    },
  );

  it.each(["", "a b", "a\nb", "é"])("refuses the token %j", (token) => {
    expect(() => new HttpPublisher("http://x", { token })).toThrow(
      expect.objectContaining({ code: "bad-config" }),
    );
  });
});
