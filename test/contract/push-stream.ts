import { describe, expect, it } from "vitest";
import { hubUrl, issuer, olderToken, secret } from "../support/token.js";
import { ask, openStreams, readResponse, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import { post } from "./mercure-client.js";
import { startSite, type Site } from "./site.js";
import type { Contract } from "./sites.js";
import { waitFor } from "../support/wait-for.js";
import { handshakeHeaders, WebSocketClient } from "../support/web-socket.js";
import type { Item } from "../support/web-socket.js";

const settings = {
  PHAROS_PUSH_STREAM: "/",
  PHAROS_PUBLIC_URL: hubUrl,
  PHAROS_TOKEN_ISSUER: issuer,
  PHAROS_TOKEN_SECRET: secret,
};

/** The texts of an answer to a long poll. */
function textsOf(body: string): readonly string[] {
  return body
    .split("\r\n")
    .filter((line) => line !== "")
    .map((line) => decodeURIComponent((JSON.parse(line) as { text: string }).text));
}

/** The main ways in and out; every clause of the protocol is in test/protocol/push-stream. */
export function testPushStream({ front, site }: Contract): void {
  describe("the push stream module's URL scheme", () => {
    it("is there where it is asked for alone", async () => {
      for (const path of ["/pub?id=a", "/ev/a", "/lp/a", "/channels-stats"])
        expect((await ask(site(), requestBytes({ path }))).status).toBe(404);
    });

    it("takes messages and brings them in every mode", async () => {
      const own = await startSite(front, { settings });
      const token = await olderToken({ publish: ["*"] });
      const publish = async (body: string): Promise<string> => {
        const answer = await post(own, { path: `/pub?id=/room&authorization=${token}`, body, headers: {} });
        return answer.body;
      };
      const ev = await own.connect();
      ev.write(requestBytes({ path: "/ev/room" }));
      await ev.readUntil("\r\n\r\n: \n", { within });
      const sub = await own.connect();
      sub.write(requestBytes({ path: "/sub/room?streamid=0&_=1&tag=&time=&eventid=" }));
      await sub.readUntil("<body>", { within });
      const ws = await openSocket(own, "/ws/room");
      const polled = await waitingPoll(own, "/lp/room");

      // The poll may have its answer by now, and be a subscriber no more.
      expect(await publish("one%20%C3%A9")).toMatch(
        /^\{"channel": "room", "published_messages": 1, "stored_messages": 1, "subscribers": [34]\}\r\n$/,
      );
      const first = await readResponse(polled);
      expect(textsOf(first.body)).toEqual(["one é"]);
      expect(first.headers.get("etag")).toBe("W/1");
      await sub.readUntil("<script>p(1,'room','one%20%C3%A9','', '", { within });
      await ev.readUntil('data: {"id":1,"channel":"room","text":"one%20%C3%A9", ', { within });

      await ws.until(({ items }) => items.length === 1);
      expect(ws.items[0]).toMatchObject({ id: 1, channel: "room", text: "one%20%C3%A9" });

      await publish("two");
      const headers = {
        "If-Modified-Since": first.headers.get("last-modified") ?? "",
        "If-None-Match": first.headers.get("etag") ?? "",
      };
      const second = await ask(own, requestBytes({ path: "/lp/room", headers }));
      expect(textsOf(second.body)).toEqual(["two"]);
      const script = await ask(own, requestBytes({ path: "/jsonp/room.b2?callback=f" }));
      expect(script.body).toMatch(/^f\(\[\{"id":1,.*\},\{"id":2,.*\}\]\);$/);
    });

    it("brings over WebSocket what a client has missed, or the last messages, and then what comes", async () => {
      const own = await startSite(front, { settings });
      for (const data of ["1", "2", "3"]) await own.publish({ topics: ["room"], data, id: `e${data}` });
      const missed = await openSocket(own, "/ws/room?eventid=e1");
      const last = await openSocket(own, "/events/ws/room.b1/other");
      const named = await openSocket(own, "/ws?channels=room.b2");
      await own.publish({ topics: ["room"], data: "4" });
      for (const [client, texts] of [
        [missed, ["2", "3", "4"]],
        [last, ["3", "4"]],
        [named, ["2", "3", "4"]],
      ] as const) {
        await client.until(({ items }) => items.length === texts.length);
        expect(client.items.map(({ text }) => text)).toEqual(texts);
      }
    });

    it("takes messages over WebSocket from those who may publish, and pings quiet ones", async () => {
      const own = await startSite(front, { settings: { ...settings, PHAROS_HEARTBEAT: "0.2" } });
      const token = await olderToken({ publish: ["room"] });
      const speaker = await openSocket(own, `/ws/room?authorization=${token}`);
      const stranger = await openSocket(own, "/ws/room");
      for (let n = 1; n <= 20; n += 1) speaker.say(`message%20${n}`);
      stranger.say("unheard");
      for (const client of [speaker, stranger]) {
        await client.until(({ items }) => items.filter(isMessage).length === 20);
        const texts = client.items.filter(isMessage).map(({ text }) => decodeURIComponent(String(text)));
        expect(texts).toEqual(Array.from({ length: 20 }, (_, index) => `message ${index + 1}`));
      }
      await stranger.until(({ items }) => items.some(({ id }) => id === -5));
      await speaker.until(({ frames }) => frames.some(({ opcode }) => opcode === 9));
      expect(speaker.items.every(isMessage)).toBe(true);
    });

    it("leaves /ws itself to the hub's own WebSockets", async () => {
      const own = await startSite(front, { settings });
      const client = await openSocket(own, "/ws?topic=room");
      await client.item("position");
      await own.publish({ topics: ["room"], data: "x" });
      expect(await client.dataUntil("x")).toEqual(["x"]);
    });

    it("keeps quiet streams alive", async () => {
      const own = await startSite(front, { settings: { ...settings, PHAROS_HEARTBEAT: "0.05" } });
      const [ev, sub] = [await own.connect(), await own.connect()];
      ev.write(requestBytes({ path: "/events/ev/room" }));
      sub.write(requestBytes({ path: "/events/sub/room" }));
      expect(await ev.readUntil(": -1\n\n", { within })).toContain(": \n: -1\n\n");
      expect(await sub.readUntil("<script>p(-1,", { within })).toContain("<body>");
    });
  });
}

function isMessage({ id }: Item): boolean {
  return Number(id) > 0;
}

/** Opens a WebSocket, and waits for its head: from then on the client is subscribed. */
async function openSocket(site: Site, path: string): Promise<WebSocketClient> {
  const client = new WebSocketClient(await site.connect(), { within });
  client.connection.write(requestBytes({ path, headers: handshakeHeaders }));
  await client.until(({ head }) => head !== "");
  expect(client.head).toMatch(/^HTTP\/1\.1 101 /);
  return client;
}

async function waitingPoll(site: Site, path: string): Promise<Awaited<ReturnType<Site["connect"]>>> {
  const before = await openStreams(site);
  const connection = await site.connect();
  connection.write(requestBytes({ path }));
  await waitFor(async () => (await openStreams(site)) > before, {
    within,
    missing: () => "the hub does not count the poll that waits",
  });
  return connection;
}
