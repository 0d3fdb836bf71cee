import { describe, expect, it } from "vitest";
import { clientFrame, handshakeHeaders, WebSocketClient } from "../support/web-socket.js";
import { ask, freshTopic, openStreams, untilStreams, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import { allowedOrigin, type Contract, keptPerTopic } from "./sites.js";
import type { Site } from "./site.js";
import { withExpiringToken } from "../support/expiring-token.js";
import { currentToken } from "../support/token.js";

/** The streams of `/ws`, with the same promises as the streams of `/esupdates`. */
export function testWebSockets(contract: Contract): void {
  describe("a WebSocket", () => {
    testHandshakes(contract);
    testStreams(contract);
    testFrames(contract);
    testRequests(contract);
  });
}

export interface SocketOptions {
  /** The encoded query. @default none */
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly bytesPerSecond?: number;
}

/** Opens a WebSocket and waits for its first message. When this message arrives, the client is subscribed. */
export async function openSocket(site: Site, options: SocketOptions = {}): Promise<WebSocketClient> {
  const { query, headers = {}, ...pace } = options;
  const client = new WebSocketClient(await site.connect(pace), { within });
  const path = query === undefined ? "/ws" : `/ws?${query}`;
  client.connection.write(requestBytes({ path, headers: { ...handshakeHeaders, ...headers } }));
  await client.item("position");
  return client;
}

function handshake(headers: Readonly<Record<string, string>>): string {
  return requestBytes({ path: "/ws", headers: { ...handshakeHeaders, ...headers } });
}

function testHandshakes({ site, smallSite, mercureSite }: Contract): void {
  it("opens with the filters as they were understood, the retry time and the position", async () => {
    const client = await openSocket(smallSite(), { query: "topic=a/%2B&topic=b" });
    expect(client.head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(client.head).toContain("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    expect(client.head).not.toMatch(/sec-websocket-(protocol|extensions)/i);
    expect(client.items.slice(0, 2)).toEqual([
      { kind: "open", filters: ["a/+", "b"], retryMs: expect.any(Number), heartbeatMs: 200 },
      { kind: "position", id: expect.stringMatching(/^#/) },
    ]);
  });

  it("selects the known subprotocol, and no extension", async () => {
    const client = await openSocket(site(), {
      headers: {
        "Sec-WebSocket-Protocol": "other, pharos",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
      },
    });
    expect(client.head).toContain("\r\nSec-WebSocket-Protocol: pharos");
    expect(client.head).not.toMatch(/sec-websocket-extensions/i);
  });

  it.each([
    { what: "another version", headers: { "Sec-WebSocket-Version": "8" }, status: 426, version: "13" },
    {
      what: "a key that is none",
      headers: { "Sec-WebSocket-Key": "short" },
      status: 400,
      version: undefined,
    },
  ])("is refused for $what", async ({ headers, status, version }) => {
    const answer = await ask(site(), handshake(headers));
    expect([answer.status, answer.headers.get("sec-websocket-version")]).toEqual([status, version]);
  });

  it.each([
    ["Upgrade without Connection: Upgrade", { Connection: "keep-alive" }, "HTTP/1.1"],
    ["HTTP/1.0", {}, "HTTP/1.0"],
  ])("is refused for %s", async (_what, headers, version) => {
    const answer = await ask(site(), handshake(headers).replace("HTTP/1.1", version));
    expect([answer.status, answer.headers.get("upgrade")]).toEqual([426, "websocket"]);
  });

  // Bug: the answers to frames that arrived with the handshake came before the response head.
  it("sends its response head before the answers to frames that arrived with the handshake", async () => {
    const client = new WebSocketClient(await site().connect(), { within });
    const ping = clientFrame({ opcode: 9, payload: Buffer.from("early") });
    const change = clientFrame({ opcode: 1, payload: Buffer.from('{"add":["a"],"request":1}') });
    const last = clientFrame({ opcode: 9, payload: Buffer.from("last") });
    client.connection.write(Buffer.concat([Buffer.from(handshake({})), ping, change, last]));
    // A ping before another one may stay without an answer [RFC 6455 5.5.3].
    await client.until(() => client.frames.some(({ payload }) => payload.toString() === "last"));
    expect(client.head).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(client.items[0]).toMatchObject({ kind: "open" });
    expect(await client.item("filters")).toMatchObject({ request: 1 });
  });

  it("is named in the refusal of a request without an upgrade", async () => {
    const answer = await ask(site(), requestBytes({ path: "/ws" }));
    expect([answer.status, answer.headers.get("upgrade")]).toEqual([426, "websocket"]);
    expect(JSON.parse(answer.body)).toMatchObject({ title: "upgrade-required" });
  });

  it("is refused to pages of foreign origins, and open to those of the hub and of listed ones", async () => {
    const foreign = await ask(smallSite(), handshake({ Origin: "https://evil.example" }));
    expect([foreign.status, JSON.parse(foreign.body)]).toMatchObject([403, { title: "forbidden-origin" }]);
    expect((await ask(smallSite(), handshake({ Origin: "null" }))).status).toBe(403);
    for (const Origin of [allowedOrigin, "https://localhost"])
      await openSocket(smallSite(), { headers: { Origin } });
  });

  it("is open to a page of the hub without TLS, unless the hub speaks TLS: somebody may have changed the page", async () => {
    const headers = { Origin: "http://localhost" };
    const connection = await smallSite().connect();
    connection.write(handshake(headers));
    await connection.readUntil("\r\n\r\n", { within });
    expect(connection.text).toMatch(smallSite().tls ? /^HTTP\/1\.1 403 / : /^HTTP\/1\.1 101 /);
  });

  it("reads with a token in a subprotocol, and selects the other subprotocol", async () => {
    const topic = freshTopic();
    const token = await currentToken({ subscribe: [topic] });
    const headers = { "Sec-WebSocket-Protocol": `pharos, pharos.token.${token}` };
    const reader = await openSocket(mercureSite(), { query: `topic=${topic}`, headers });
    expect(reader.head).toMatch(/\r\nSec-WebSocket-Protocol: pharos\r\n/);
    await mercureSite().publish({ topics: [topic], data: "secret", private: true });
    expect(await reader.dataUntil("secret")).toEqual(["secret"]);
    const bad = handshake({ "Sec-WebSocket-Protocol": "pharos, pharos.token.%zz" });
    expect((await ask(mercureSite(), bad)).status).toBe(400);
  });

  it("ends when its token expires, with a reason", async () => {
    const client = await withExpiringToken(async (lifetimeSeconds) => {
      const token = await currentToken({ subscribe: ["a"], lifetimeSeconds });
      return openSocket(mercureSite(), { headers: { Authorization: `Bearer ${token}` } });
    });
    await client.until(() => client.closeCode !== undefined);
    expect(client.closeCode).toBe(1008);
  });
}

function testStreams({ site, mercureSite, smallSite, journal }: Contract): void {
  it("sends each event as one JSON object with its topics", async () => {
    const topic = freshTopic();
    const client = await openSocket(site(), { query: `topic=${topic}` });
    const id = await site().publish({ topics: [topic, `${topic}/b`], type: "news", data: 'first\n"1"' });
    expect(await client.item("event")).toEqual({
      kind: "event",
      id,
      topics: [topic, `${topic}/b`],
      type: "news",
      data: 'first\n"1"',
    });
  });

  it("resumes from a position in the query or in a header", async () => {
    const topic = freshTopic();
    const first = await site().publish({ topics: [topic], data: "1" });
    for (const data of ["2", "3"]) await site().publish({ topics: [topic], data });
    const query = `topic=${topic}&last_event_id=${encodeURIComponent(first)}`;
    expect(await (await openSocket(site(), { query })).dataUntil("3")).toEqual(["2", "3"]);
    const headers = { "Last-Event-ID": first };
    const client = await openSocket(site(), { query: `topic=${topic}`, headers });
    expect(await client.dataUntil("3")).toEqual(["2", "3"]);
  });

  // Bug: if the token was a subprotocol, the hub ignored the header `Last-Event-ID`, so the stream started without
  // resuming.
  it("resumes from a position in a header if its token is a subprotocol", async () => {
    const topic = freshTopic();
    const first = await mercureSite().publish({ topics: [topic], data: "1" });
    for (const data of ["2", "3"]) await mercureSite().publish({ topics: [topic], data });
    const token = await currentToken({ subscribe: [topic] });
    const headers = {
      "Sec-WebSocket-Protocol": `pharos, pharos.token.${token}`,
      "Last-Event-ID": first,
    };
    const client = await openSocket(mercureSite(), { query: `topic=${topic}`, headers });
    expect(await client.dataUntil("3")).toEqual(["2", "3"]);
  });

  // A journal on disk still has what memory has evicted.
  it.runIf(journal === "memory")("reports a gap", async () => {
    const topic = freshTopic();
    const first = await smallSite().publish({ topics: [topic], data: "0" });
    for (let n = 1; n <= keptPerTopic + 3; n += 1)
      await smallSite().publish({ topics: [topic], data: String(n) });
    const connection = await smallSite().connect();
    const client = new WebSocketClient(connection, { within });
    const path = `/ws?topic=${topic}&last_event_id=${encodeURIComponent(first)}`;
    connection.write(requestBytes({ path, headers: handshakeHeaders }));
    await client.dataUntil(String(keptPerTopic + 3));
    const gap = await client.item("gap");
    expect(gap).toMatchObject({ reason: "evicted", more: false });
    expect(gap["topics"]).toEqual([{ topic, missedAtMost: expect.any(Number) }]);
    expect(client.data).toHaveLength(keptPerTopic);
  });

  it("gets retained values first, which do not move its cursor", async () => {
    const topic = freshTopic();
    await site().publish({ topics: [topic], data: "state", retain: true });
    const head = await site().publish({ topics: [topic], data: "passing" });
    const client = await openSocket(site(), { query: `topic=${topic}` });
    expect(client.items.slice(1)).toMatchObject([
      { kind: "event", data: "state", retained: true },
      { kind: "position", id: head },
    ]);
  });

  it("gets its position and a ping when there are no events", async () => {
    const client = await openSocket(smallSite(), { query: `topic=${freshTopic()}` });
    await client.until(() => client.frames.some(({ opcode }) => opcode === 9));
    const after = client.frames.findIndex(({ opcode }) => opcode === 9);
    expect(JSON.parse(client.frames[after - 1]?.payload.toString() ?? "")).toMatchObject({
      kind: "position",
    });
  });

  it("is counted as a stream until it ends", async () => {
    const before = await openStreams(site());
    const client = await openSocket(site());
    await untilStreams(site(), before + 1);
    client.close();
    await untilStreams(site(), before);
    expect(client.closeCode).toBeUndefined();
  });
}

function testFrames({ site }: Contract): void {
  it("answers pings with their payload", async () => {
    const client = await openSocket(site());
    client.send(9, "are you there");
    await client.until(() => client.frames.some(({ opcode }) => opcode === 10));
    expect(client.frames.find(({ opcode }) => opcode === 10)?.payload.toString()).toBe("are you there");
  });

  it("answers a close with the same code, and ends", async () => {
    const client = await openSocket(site());
    client.send(8, Buffer.from([0x03, 0xe8]));
    await client.connection.readToEnd({ within });
    expect(client.closeCode).toBe(1000);
  });
}

function testRequests({ site, mercureSite, smallSite }: Contract): void {
  it("changes its filters and loses nothing: retained values of new filters first, then live events", async () => {
    const topic = freshTopic();
    const [old, other] = [`${topic}/old`, `${topic}/other`];
    await site().publish({ topics: [other], data: "state", retain: true });
    const client = await openSocket(site(), { query: `topic=${old}` });
    await site().publish({ topics: [old], data: "1" });
    await client.dataUntil("1");
    client.say({ add: [`${topic}/+`], drop: [old], request: 7 });
    const answered = await client.item("filters");
    expect(answered).toEqual({ kind: "filters", filters: [`${topic}/+`], request: 7 });
    for (const data of ["2", "3"]) await site().publish({ topics: [other], data });
    await client.dataUntil("3");
    const after = client.items.slice(client.items.findIndex(({ kind }) => kind === "filters"));
    expect(after.map(({ kind, data }) => data ?? kind)).toEqual(["filters", "state", "position", "2", "3"]);
    client.say({ drop: [`${topic}/+`], request: 8 });
    await client.item("filters", { request: 8 });
    await site().publish({ topics: [other], data: "unseen" });
    client.say({ add: [old], request: 9 });
    await client.item("filters", { request: 9 });
    await site().publish({ topics: [old], data: "seen" });
    expect(await client.dataUntil("seen")).toEqual(["1", "2", "3", "seen"]);
  });

  // Bug: the hub sent all answers of a turn together. Above 256 KiB of answers, the hub closed the connection.
  it("is answered, however many changes arrive at once, and however large the answers are", async () => {
    const topic = freshTopic();
    const filters = Array.from({ length: 60 }, (_, n) => `${topic}/${"level/".repeat(15)}${n}`);
    const client = await openSocket(site(), { query: `topic=${topic}` });
    client.say({ add: filters, request: -1 });
    const changes = 300;
    for (let n = 0; n < changes; n += 1)
      client.say({ add: [`${topic}/${n}`], drop: [`${topic}/${n - 1}`], request: n });
    await client.item("filters", { request: changes - 1 });
    const answers = client.items.flatMap(({ kind, request }) => (kind === "filters" ? [request] : []));
    expect(answers).toEqual(Array.from({ length: changes + 1 }, (_, n) => n - 1));
    await site().publish({ topics: [`${topic}/${changes - 1}`], data: "seen" });
    expect(await client.dataUntil("seen")).toEqual(["seen"]);
  });

  it.each([
    ["what is no JSON", "nonsense", "bad-publication"],
    ["what is no object", "[1]", "bad-publication"],
    ["a message of no known kind", '{"hello":1}', "bad-request"],
    ["filters that are no texts", '{"add":[1]}', "bad-request"],
    ["a malformed filter", '{"add":["a/#/b"]}', "bad-filter"],
    ["a publication with an unknown field", '{"publish":{"topic":"a","dada":""}}', "bad-publication"],
    ["a token that is not accepted", '{"token":"x.y.z"}', "invalid-token"],
    ["publishing without a right", '{"publish":{"topic":"a","data":""}}', "unauthorized"],
  ])("refuses %s, and stays open", async (_what, text, code) => {
    const client = await openSocket(mercureSite());
    client.say(text);
    expect(await client.item("refused")).toMatchObject({ code, detail: expect.any(String) });
    client.say({ add: ["b"], request: 2 });
    await client.item("filters", { request: 2 });
  });

  it("refuses more filters than a stream may have, and keeps those that it has", async () => {
    const client = await openSocket(smallSite(), { query: "topic=a" });
    client.say({ add: Array.from({ length: 2000 }, (_, n) => `b/${n}`), request: 1 });
    expect(await client.item("refused")).toMatchObject({ code: "bad-filter", request: 1 });
    client.say({ add: ["c"], request: 2 });
    expect(await client.item("filters")).toMatchObject({ filters: ["a", "c"], request: 2 });
  });

  it("publishes what its token grants, in order, and gets the ids", async () => {
    const topic = freshTopic();
    const token = await currentToken({ publish: [topic], subscribe: [topic] });
    const client = await openSocket(mercureSite(), {
      query: `topic=${topic}`,
      headers: { Authorization: `Bearer ${token}` },
    });
    for (let n = 1; n <= 20; n += 1)
      client.say({ publish: { topic, data: String(n), private: n === 20 }, request: n });
    await client.dataUntil("20");
    expect(client.data).toEqual(Array.from({ length: 20 }, (_, index) => String(index + 1)));
    const event = await client.item("event", { data: "20" });
    expect(await client.item("published", { request: 20 })).toMatchObject({ id: event["id"] });
    client.say({ publish: { topic: `${topic}/else`, data: "" }, request: 21 });
    expect(await client.item("refused", { request: 21 })).toMatchObject({ code: "insufficient-scope" });
  });

  it("continues at its position with the rights of a new token", async () => {
    const topic = freshTopic();
    const client = await openSocket(mercureSite(), { query: `topic=${topic}` });
    await mercureSite().publish({ topics: [topic], data: "hidden", private: true });
    client.say({ token: await currentToken({ subscribe: [topic] }), request: 1 });
    await client.item("renewed", { request: 1 });
    await mercureSite().publish({ topics: [topic], data: "shown", private: true });
    expect(await client.dataUntil("shown")).toEqual(["shown"]);
  });
}
