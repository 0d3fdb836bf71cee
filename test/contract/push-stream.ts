import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hubUrl, issuer, olderToken, secret } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { handshakeHeaders, WebSocketClient } from "../support/web-socket.js";
import type { Item } from "../support/web-socket.js";
import { ask, readResponse, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import { post } from "./mercure-client.js";
import { startSite, type Site } from "./site.js";
import type { Contract } from "./sites.js";

const settings = {
  PHAROS_PUSH_STREAM: "/",
  PHAROS_PUBLIC_URL: hubUrl,
  PHAROS_TOKEN_ISSUER: issuer,
  PHAROS_TOKEN_SECRET: secret,
  PHAROS_HEARTBEAT: "0.2",
};

/**
 * Tests the main requests of the protocol. transports.ts tests what all transports guarantee, and test/protocols tests
 * the clauses of the protocol.
 */
export function testPushStream({ front, site: plainSite }: Contract): void {
  describe("the push stream module's URL scheme", () => {
    const site = pushStreamSite(front);

    it("exists only if it is configured", async () => {
      for (const path of ["/pub?id=a", "/ev/a", "/lp/a", "/ws/a", "/channels-stats"])
        expect((await ask(plainSite(), requestBytes({ path }))).status).toBe(404);
    });

    testModes(site);
    testSockets(site);
  });
}

/** One hub for the tests of the current `describe`. Each test uses its own channels. */
function pushStreamSite(front: Contract["front"]): () => Site {
  let site: Site | undefined;
  const ends: (() => void | Promise<void>)[] = [];
  beforeAll(async () => {
    site = await startSite(front, { settings, onEnd: (action) => void ends.unshift(action) });
  });
  afterAll(async () => {
    for (const end of ends) await end();
  });
  return () => {
    if (site === undefined) throw new Error("the hub has not been started");
    return site;
  };
}

function testModes(site: () => Site): void {
  it("tells subscribers in every mode that their channel was deleted, and ends them", async () => {
    const token = await olderToken({ publish: ["*"] });
    const path = `/pub?id=closed&authorization=${token}`;
    await post(site(), { path, body: "1", headers: {} });
    const streams = await Promise.all(
      ["/ev/closed", "/sub/closed/other", "/lp/closed"].map(async (streamPath) => {
        const connection = await site().connect();
        connection.write(requestBytes({ path: streamPath }));
        return connection;
      }),
    );
    const ws = await openSocket(site(), "/ws/closed");
    await untilFollowed(site(), { channel: "closed", subscribers: 4 });
    const deleted = await ask(site(), requestBytes({ method: "DELETE", path }));
    expect([deleted.status, deleted.headers.get("x-nginx-pushstream-explain")]).toEqual([
      200,
      "Channel deleted.",
    ]);
    for (const connection of streams) await connection.readUntil("Channel%20deleted", { within });
    for (const connection of streams.slice(0, 2)) await connection.readToEnd({ within });
    await ws.until(({ closeCode }) => closeCode !== undefined);
    expect(ws.items.at(-1)).toMatchObject({ id: -2, channel: "closed", text: "Channel%20deleted" });
    const again = await post(site(), { path, body: "2", headers: {} });
    expect(JSON.parse(again.body)).toMatchObject({ published_messages: 1, stored_messages: 1 });
    expect(
      (await ask(site(), requestBytes({ method: "DELETE", path: path.replace("closed", "none") }))).status,
    ).toBe(404);
  });

  it("delivers published messages in every mode", async () => {
    const token = await olderToken({ publish: ["*"] });
    const publish = async (body: string): Promise<string> => {
      const answer = await post(site(), { path: `/pub?id=/room&authorization=${token}`, body, headers: {} });
      return answer.body;
    };
    const ev = await site().connect();
    ev.write(requestBytes({ path: "/ev/room" }));
    await ev.readUntil("\r\n3\r\n: \n", { within });
    const sub = await site().connect();
    sub.write(requestBytes({ path: "/sub/room?streamid=0&_=1&tag=&time=&eventid=" }));
    await sub.readUntil("<body>", { within });
    const ws = await openSocket(site(), "/ws/room");
    const polled = await site().connect();
    polled.write(requestBytes({ path: "/lp/room" }));
    await untilFollowed(site(), { channel: "room", subscribers: 4 });

    // The hub may already have answered the poll. An answered poll does not count as a subscriber.
    expect(await publish("one%20%C3%A9")).toMatch(
      /^\{"channel": "room", "published_messages": 1, "stored_messages": 1, "subscribers": [34]\}\r\n$/,
    );
    const first = await readResponse(polled);
    expect(textsOf(first.body)).toEqual(["one é"]);
    expect(first.headers.get("etag")).toMatch(/^W\/\d+$/);
    await sub.readUntil("<script>p(1,'room','one%20%C3%A9','', '", { within });
    await ev.readUntil('data: {"id":1,"channel":"room","text":"one%20%C3%A9", ', { within });
    expect(await messages(ws, 1)).toEqual(["one é"]);

    await publish("two");
    const headers = {
      "If-Modified-Since": first.headers.get("last-modified") ?? "",
      "If-None-Match": first.headers.get("etag") ?? "",
    };
    const second = await ask(site(), requestBytes({ path: "/lp/room", headers }));
    expect(textsOf(second.body)).toEqual(["two"]);
    const script = await ask(site(), requestBytes({ path: "/jsonp/room.b2?callback=f" }));
    expect(script.body).toMatch(/^f\(\[\{"id":1,.*\},\{"id":2,.*\}\]\);$/);
  });

  it("keeps quiet streams alive", async () => {
    const [ev, sub] = [await site().connect(), await site().connect()];
    ev.write(requestBytes({ path: "/events/ev/quiet" }));
    sub.write(requestBytes({ path: "/events/sub/quiet" }));
    const ws = await openSocket(site(), "/events/ws/quiet");
    await ev.readUntil(": -1\n", { within });
    expect(await sub.readUntil("<script>p(-1,", { within })).toContain("<body>");
    await ws.until(({ frames }) => frames.some(({ opcode }) => opcode === 9));
  });
}

function testSockets(site: () => Site): void {
  it("sends missed messages or the last ones over WebSocket, and then live ones", async () => {
    for (const data of ["1", "2", "3"]) await site().publish({ topics: ["past"], data, id: `e${data}` });
    const missed = await openSocket(site(), "/ws/past?eventid=e1");
    const last = await openSocket(site(), "/events/ws/past.b1/other");
    const named = await openSocket(site(), "/ws?channels=past.b2");
    const lost = await openSocket(site(), "/ws/past?eventid=e0");
    await site().publish({ topics: ["past"], data: "4" });
    expect(await messages(missed, 3)).toEqual(["2", "3", "4"]);
    expect(await messages(last, 2)).toEqual(["3", "4"]);
    expect(await messages(named, 3)).toEqual(["2", "3", "4"]);
    expect(await messages(lost, 4)).toEqual(["1", "2", "3", "4"]);
    expect(decodeURIComponent(String(lost.items[0]?.["text"]))).toContain('"reason":"unknown-id"');
  });

  it("accepts messages over WebSocket from clients that may publish, and tells others the reason", async () => {
    const token = await olderToken({ publish: ["said"] });
    const speaker = await openSocket(site(), `/ws/said?authorization=${token}`);
    const stranger = await openSocket(site(), "/ws/said");
    for (let n = 1; n <= 20; n += 1) speaker.say(`message%20${n}`);
    stranger.say("unheard");
    const expected = Array.from({ length: 20 }, (_, index) => `message ${index + 1}`);
    expect(await messages(speaker, 20)).toEqual(expected);
    expect(await messages(stranger, 20)).toEqual(expected);
    await stranger.until(({ items }) => items.some(({ id }) => id === -5));
    expect(speaker.items.every(isMessage)).toBe(true);
  });

  it("leaves /ws itself to the hub's own WebSockets", async () => {
    const client = await openSocket(site(), "/ws?topic=own");
    await client.item("position");
    await site().publish({ topics: ["own"], data: "x" });
    expect(await client.dataUntil("x")).toEqual(["x"]);
  });
}

/** The texts in the response to a long poll. */
function textsOf(body: string): readonly string[] {
  return body
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => textOf(JSON.parse(line) as Item));
}

function textOf({ text }: Item): string {
  return decodeURIComponent(String(text));
}

function isMessage({ id }: Item): boolean {
  return Number(id) > 0;
}

/** Waits until a WebSocket has received this number of messages. Returns their texts. */
async function messages(client: WebSocketClient, count: number): Promise<readonly string[]> {
  await client.until(({ items }) => items.filter(isMessage).length >= count);
  return client.items.filter(isMessage).map(textOf);
}

/** Opens a WebSocket and waits for the response head. After that the client is subscribed. */
async function openSocket(site: Site, path: string): Promise<WebSocketClient> {
  const client = new WebSocketClient(await site.connect(), { within });
  client.connection.write(requestBytes({ path, headers: handshakeHeaders }));
  await client.until(({ head }) => head !== "");
  expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
  return client;
}

async function untilFollowed(
  site: Site,
  { channel, subscribers }: { readonly channel: string; readonly subscribers: number },
): Promise<void> {
  const token = await olderToken({ publish: [channel] });
  let seen: unknown;
  await waitFor(
    async () => {
      const path = `/channels-stats?id=${channel}&authorization=${token}`;
      const { status, body } = await ask(site, requestBytes({ path }));
      seen = status === 200 ? (JSON.parse(body) as Record<string, unknown>)["subscribers"] : status;
      return seen === subscribers;
    },
    { within, missing: () => `the channel has ${String(seen)} subscribers, not ${subscribers}` },
  );
}
