import { randomUUID } from "node:crypto";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import { freshTopic, openStreams, readResponse, untilStreams, within } from "../../contract/client.js";
import { parseResponse, requestBytes } from "../../contract/http-text.js";
import { startSite } from "../../contract/site.js";
import { hubUrl, issuer, secret, signOlder } from "../../support/token.js";
import { waitFor } from "../../support/wait-for.js";
import { handshakeHeaders } from "../../support/web-socket.js";

const file = requestBytes({ path: "/console.css" });
const path = "/publish/a";
const patient = { Expect: "100-continue", "Content-Length": "5" };
const upgrade = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABk" };
const health = requestBytes({ path: "/healthz" });

// The time-out of a test is longer than the deadlines of its steps, because the error of a step names the missing
// condition.
describe("a client of the HTTP front", { timeout: 3 * within }, () => {
  it("is forgotten when it leaves, however large the body of its stream's request", async () => {
    // Bug: while a body was unread, Node did not read the socket, so the hub did not notice the end of the connection.
    const site = await startSite("http");
    const connection = await site.connect();
    const body = "b".repeat(200_000);
    connection.write(requestBytes({ headers: { "Content-Length": String(body.length) }, body }));
    await connection.readUntil("retry: ", { within });
    expect(await openStreams(site)).toBe(1);
    connection.close();
    await untilStreams(site, 0);
  });

  it("opens no stream when it has left while its token was looked at", async () => {
    // Bug: the socket had ended before the stream listened for the socket's end, so the stream stayed open until its
    // second heartbeat.
    const settings = { PHAROS_PUBLIC_URL: hubUrl, PHAROS_TOKEN_ISSUER: issuer, PHAROS_TOKEN_SECRET: secret };
    const site = await startSite("http", { settings });
    const leave = async (): Promise<void> => {
      // The hub remembers a verified token, and accepts it later without waiting.
      const token = await signOlder({ mercure: { subscribe: ["*"] }, jti: randomUUID() });
      const connection = await site.connect();
      connection.write(
        requestBytes({ path: "/ws", headers: { ...handshakeHeaders, Authorization: `Bearer ${token}` } }),
      );
      connection.endWriting();
      await connection.readToEnd({ within });
    };
    await Promise.all(Array.from({ length: 100 }, leave));
    await untilStreams(site, 0);
    expect(await openStreams(site)).toBe(0);
  });

  it("is closed when its address has a hundred connections beside its streams, and lets others in when they end", async () => {
    const site = await startSite("http", { settings: { PHAROS_LIMITS_CONNECTIONS_PER_LOCAL_ADDRESS: "1" } });
    const crowd = await Promise.all(Array.from({ length: 101 }, () => site.connect()));
    const late = await site.connect();
    expect(await late.readToEnd({ within })).toBe("");
    expect(site.figure("connections_cut_total")).toBe(1);
    for (const connection of crowd.slice(1)) connection.close();
    const [first] = crowd;
    first?.write(requestBytes({}));
    await first?.readUntil("retry: ", { within });
    const answer = async (): Promise<string> => {
      const connection = await site.connect();
      connection.write(requestBytes({ path: "/healthz", headers: { Connection: "close" } }));
      return connection.readToEnd({ within });
    };
    await waitFor(async () => (await answer()).includes("200 OK"), {
      within,
      missing: "nobody else gets in",
    });
  });

  // Bug: the hub closed the connection at the 17th request that waited for an answer.
  it("gets all answers to a thousand requests at once", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    connection.write(file + health.repeat(1000));
    const text = await connection.readUntil((received) => received.split('"status":"ok"').length === 1001, {
      within,
    });
    expect(text.match(/^HTTP\/1\.1 200 OK\r$/gm)).toHaveLength(1001);
  });

  // Bug: the bytes behind a request for a stream stayed in the socket, which nobody resumed after the refusal.
  it.each([
    ["an event stream", requestBytes({ path: "/esupdates?topic=%00" }), 400],
    ["a WebSocket", requestBytes({ path: "/ws" }), 426],
    ["a poll", requestBytes({ path: "/poll?topic=%00" }), 400],
  ])(
    "gets the answers to the requests that came with a refused request for %s",
    async (_name, refused, status) => {
      const connection = await (await startSite("http")).connect();
      connection.write((refused + health).repeat(2));
      const text = await connection.readUntil((received) => received.split('"status":"ok"').length === 3, {
        within,
      });
      expect([...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => Number(code))).toEqual([
        status,
        200,
        status,
        200,
      ]);
    },
  );

  // Bug: the next request was dropped. Its client waited for the answer for ever.
  it.each([
    ["no body", requestBytes({ path: "/healthz", headers: upgrade }), 200],
    [
      "a body",
      requestBytes({
        method: "POST",
        path: "/healthz",
        headers: { ...upgrade, "Content-Length": "5" },
        body: "hello",
      }),
      405,
    ],
    [
      "a body in chunks",
      `${requestBytes({ method: "POST", path: "/healthz", headers: { ...upgrade, "Transfer-Encoding": "chunked" } })}1\r\na\r\n0\r\n\r\n`,
      405,
    ],
  ])(
    "gets the answer to the request that came with one that asks for another protocol, with %s",
    async (_name, asking, status) => {
      const connection = await (await startSite("http")).connect();
      connection.write(asking + health);
      const text = await connection.readUntil((received) => received.split("HTTP/1.1").length === 3, {
        within,
      });
      expect([...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => Number(code))).toEqual([
        status,
        200,
      ]);
    },
  );

  it("keeps the requests that it sends behind a held poll", async () => {
    const site = await startSite("http");
    const started: unknown[] = [];
    // Node publishes each request whose head it has parsed.
    const count = (message: unknown): void => void started.push(Reflect.get(Object(message), "request").url);
    subscribe("http.server.request.start", count);
    onTestFinished(() => void unsubscribe("http.server.request.start", count));
    const connection = await site.connect();
    const after = encodeURIComponent(await site.publish({ topics: ["before"], data: "x" }));
    const poll = `/poll?topic=${freshTopic()}&wait=30&last_event_id=${after}`;
    connection.write(requestBytes({ path: poll }) + health.repeat(100));
    const other = await site.connect();
    for (let answers = 1; answers <= 20; answers += 1) {
      other.write(requestBytes({ path: "/nothing" }));
      await other.readUntil((received) => received.split("HTTP/1.1 ").length > answers, { within });
    }
    expect(started.filter((url) => url === poll)).toHaveLength(1);
    expect(started.filter((url) => url === "/healthz").length).toBeLessThanOrEqual(1);
  });

  // Bug: the hub did not see the end of a connection while further requests waited behind a poll. The poll stayed for
  // its whole time, and the requests behind it had no answer.
  it.each([1, 100])("ends a poll when it ends its side, with %d requests behind the poll", async (count) => {
    const site = await startSite("http");
    const connection = await site.connect();
    const after = encodeURIComponent(await site.publish({ topics: ["before"], data: "x" }));
    const poll = `/poll?topic=${freshTopic()}&wait=30&last_event_id=${after}`;
    connection.write(requestBytes({ path: poll }) + health.repeat(count));
    await untilStreams(site, 1);
    connection.endWriting();
    const text = await connection.readToEnd({ within });
    expect(text.match(/^HTTP\/1\.1 200 OK\r$/gm)).toHaveLength(1 + count);
    expect(site.figure("connections")).toBe(0);
  });

  it("gets 400 and a reason for a path that cannot be decoded, as for any refusal", async () => {
    // Bug: the client got Fastify's own error document, as application/json.
    const site = await startSite("http");
    for (const path of ["/%zz", "/%ff", "/%c0%ae%c0%ae/package.json"]) {
      const connection = await site.connect();
      connection.write(requestBytes({ path }));
      const answer = parseResponse(await connection.readToEnd({ within }));
      expect(answer?.status).toBe(400);
      expect(answer?.headers.get("content-type")).toBe("application/problem+json");
    }
  });

  it.each([
    ["a publication", requestBytes({ method: "POST", path, headers: { "Content-Length": "1" }, body: "a" })],
    ["bytes that are no request", "nonsense\r\n\r\n"],
  ])("gets nothing more behind a path that cannot be decoded: %s", async (_name, behind) => {
    // Bug: the hub closed the connection, but published what came behind, or responded with a second 400.
    const site = await startSite("http", { settings: { PHAROS_OPEN: "on" } });
    const connection = await site.connect();
    connection.write(requestBytes({ path: "/%zz" }) + behind);
    const text = await connection.readToEnd({ within });
    expect(text.match(/^HTTP\/1\.1 \d+/gm)).toEqual(["HTTP/1.1 400"]);
    await site.publish({ topics: ["a"], data: "later" });
    expect(site.figure("publications_total")).toBe(1);
  });

  it("gets 400 for a body whose chunks are malformed, at once", async () => {
    const site = await startSite("http", { settings: { PHAROS_OPEN: "on" } });
    const connection = await site.connect();
    const headers = { "Transfer-Encoding": "chunked" };
    connection.write(requestBytes({ method: "POST", path, headers, body: "zz\r\nhello\r\n" }));
    expect(parseResponse(await connection.readToEnd({ within }))?.status).toBe(400);
  });

  it("without a token is told so before it has sent its body, and uses the connection on when it has", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    const body = "b".repeat(500_000);
    const headers = { "Content-Length": String(body.length) };
    connection.write(requestBytes({ method: "POST", path, headers }));
    expect((await readResponse(connection)).status).toBe(401);
    expect(site.figure("request_body_bytes")).toBe(0);
    connection.write(body + health);
    await connection.readUntil('"status":"ok"', { within });
  });

  it("without a token is cut when its body goes on and on", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    const headers = { "Transfer-Encoding": "chunked" };
    connection.write(requestBytes({ method: "POST", path, headers, body: "200000\r\n" }));
    expect((await readResponse(connection)).status).toBe(401);
    connection.write("b".repeat(0x20_0000));
    await connection.readToEnd({ within });
    expect(site.figure("connections_cut_total")).toBe(1);
  });

  it("that waits to go on is asked for its body when it may publish", async () => {
    const connection = await (await startSite("http", { settings: { PHAROS_OPEN: "on" } })).connect();
    connection.write(requestBytes({ method: "POST", path, headers: patient }));
    await connection.readUntil("HTTP/1.1 100 Continue\r\n\r\n", { within });
    connection.write("hello");
    await connection.readUntil("HTTP/1.1 200 OK", { within });
    expect(connection.closed).toBe(false);
  });

  it("that waits to go on is refused and closed when it may not publish", async () => {
    const connection = await (await startSite("http")).connect();
    connection.write(requestBytes({ method: "POST", path, headers: patient }));
    expect(parseResponse(await connection.readToEnd({ within }))?.status).toBe(401);
  });

  it("that leaves in the middle of a body publishes nothing, and its room is free again", async () => {
    const site = await startSite("http", { settings: { PHAROS_OPEN: "on" } });
    const connection = await site.connect();
    const headers = { "Content-Length": "50000" };
    connection.write(requestBytes({ method: "POST", path, headers, body: "b".repeat(40_000) }));
    const held = () => site.figure("request_body_bytes");
    await waitFor(() => held() >= 40_000, { within, missing: () => `${held()} bytes are held` });
    connection.close();
    await waitFor(() => held() === 0, { within, missing: () => `${held()} bytes are held for nobody` });
    expect(site.figure("publications_total")).toBe(0);
  });

  it("sends its next body when the one before is worked on", async () => {
    const site = await startSite("http", { settings: { PHAROS_OPEN: "on" } });
    const connection = await site.connect();
    const body = "b".repeat(300_000);
    const headers = { "Content-Length": String(body.length) };
    connection.write(requestBytes({ method: "POST", path, headers, body }).repeat(8));
    await connection.readUntil((text) => text.split("HTTP/1.1 200 OK").length === 9, { within });
    expect(site.figure("publications_total")).toBe(8);
    expect(site.figure("request_body_bytes")).toBe(0);
  });

  it("gets the answer before it, when what follows is no request", async () => {
    const site = await startSite("http");
    const connection = await site.connect();
    connection.write(`${file}nonsense\r\n\r\n`);
    const first = parseResponse(await connection.readToEnd({ within }));
    expect(first?.headers.get("content-type")).toMatch(/^text\/css/);
    expect(parseResponse(first?.rest ?? "")?.status).toBe(400);
  });

  it("gets the answer before a CONNECT, an error for the CONNECT, and the end of the connection", async () => {
    // Bug: Node closed the connection at a CONNECT, without the answers to the requests before it.
    const site = await startSite("http");
    const connection = await site.connect();
    connection.write(`${file}CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\nbytes of a tunnel`);
    const first = parseResponse(await connection.readToEnd({ within }));
    expect(first?.headers.get("content-type")).toMatch(/^text\/css/);
    const second = parseResponse(first?.rest ?? "");
    expect({ status: second?.status, rest: second?.rest }).toEqual({ status: 404, rest: "" });
  });

  it("opens a WebSocket behind a body in chunks", async () => {
    const site = await startSite("http", { settings: { PHAROS_OPEN: "on" } });
    const connection = await site.connect();
    const headers = { "Transfer-Encoding": "chunked" };
    connection.write(
      requestBytes({ method: "POST", path, headers, body: "1\r\na\r\n0\r\n\r\n" }) +
        requestBytes({ path: "/ws", headers: handshakeHeaders }),
    );
    const text = await connection.readUntil('"kind":"open"', { within });
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 101"]);
  });

  it("gets its stream behind a slow answer whole, with the requests behind it counted", async () => {
    const site = await startSite("http");
    const topic = freshTopic();
    const connection = await site.connect();
    connection.write(file + requestBytes({ path: `/esupdates?topic=${topic}` }) + health);
    await connection.readUntil("retry: ", { within });
    await site.publish({ topics: [topic], data: "whole" });
    const text = await connection.readUntil("data: whole\n\n", { within });
    expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
    expect(site.figure("second_requests_total")).toBe(1);
  });
});
