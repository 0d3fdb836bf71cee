import { describe, expect, it } from "vitest";
import type { RawConnection } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";
import type { WebSocketClient } from "../support/web-socket.js";
import { ask, freshTopic, openStream, readResponse, within } from "./client.js";
import type { ClientStream } from "./client.js";
import type { FrontName } from "./differences.js";
import { requestBytes } from "./http-text.js";
import type { Contract } from "./sites.js";
import { startSite } from "./site.js";
import type { Site } from "./site.js";
import { openSocket } from "./web-sockets.js";

/** So long that nothing happens before the test ends the wait. */
const long = "3600";

const ready = requestBytes({ path: "/readyz" });
const live = requestBytes({ path: "/livez" });

/** A hub that stops drains for an hour, or ends its streams over an hour. The end of the test ends both. */
export function testStopping({ front, site }: Contract): void {
  describe("a hub that runs", () => {
    it("is alive and ready", async () => {
      expect(await statusOf(site(), live)).toEqual([200, "ok"]);
      expect(await statusOf(site(), ready)).toEqual([200, "ok"]);
    });
  });

  describe("a hub that drains", () => {
    it("is alive but not ready, and still serves streams and publishers", async () => {
      const own = await startSite(front, { settings: { PHAROS_DRAIN: long } });
      const topic = freshTopic();
      const before = await openStream(own, { query: `topic=${topic}` });
      void own.drain();
      expect(await statusOf(own, live)).toEqual([200, "ok"]);
      expect(await statusOf(own, ready)).toEqual([503, "draining"]);
      const meanwhile = await openStream(own, { query: `topic=${topic}` });
      await own.publish({ topics: [topic], data: "in the drain" });
      expect(await before.dataUntil("in the drain")).toEqual(["in the drain"]);
      expect(await meanwhile.dataUntil("in the drain")).toEqual(["in the drain"]);
      await own.stop();
      await before.connection.readToEnd({ within });
      await meanwhile.connection.readToEnd({ within });
    });

    it("ends connections after their answers, so that proxies connect elsewhere", async () => {
      const own = await startSite(front, { settings: { PHAROS_DRAIN: long } });
      const [idle, waiting] = await Promise.all([own.connect(), own.connect()]);
      idle.write(ready);
      expect((await readResponse(idle)).headers.get("connection")).not.toBe("close");
      const { body } = await ask(own, requestBytes({ path: "/poll" }));
      const { position } = JSON.parse(body) as { readonly position: string };
      const query = `last_event_id=${encodeURIComponent(position)}&wait=30`;
      waiting.write(requestBytes({ path: `/poll?${query}` }));
      await untilPolls(own, 1);
      void own.drain();
      // Each of two workers learns it before it passes such an answer on.
      for (let asked = 0; asked < 2; asked += 1)
        expect(await statusOf(own, ready)).toEqual([503, "draining"]);
      idle.write(requestBytes({ path: "/console.css" }));
      await own.publish({ topics: ["broadcast"], data: "x" });
      await waiting.readUntil('"x"', { within });
      await expectLastAnswer(front, idle, "/*");
      await expectLastAnswer(front, waiting, '"x"');
    });
  });

  it.runIf(front === "http")("a hub that ends its streams refuses connections", async () => {
    const { own } = await endingStreams(front);
    await expect(own.connect()).rejects.toThrow("ECONNREFUSED");
  });

  describe("a hub that ends its streams", () => {
    it("ends the oldest first and the others later, which still get publications", async () => {
      const topic = freshTopic();
      const { own, ended, open } = await endingStreams(front, `topic=${topic}`);
      expect(ended.body).toMatch(/\n\nretry: \d+\n$/);
      await own.publish({ topics: [topic], data: "later" });
      expect(await open.dataUntil("later")).toEqual(["later"]);
      await own.stop();
      await open.connection.readToEnd({ within });
      expect(open.body).toMatch(/\n\nretry: \d+\n$/);
    });

    it("tells each client a time to reconnect, also after a publication with another time", async () => {
      const settings = { PHAROS_RETRY: "1000", PHAROS_CLOSE_OVER: long };
      const own = await startSite(front, { settings });
      const streams = await Promise.all([1, 2, 3, 4].map(() => openStream(own)));
      await own.publish({ topics: ["broadcast"], data: "x", retry: 100 });
      for (const stream of streams) await stream.until("x");
      await own.stop();
      for (const stream of streams) await stream.connection.readToEnd({ within });
      const times = streams.map(({ body }) => Number(/retry: (\d+)\n$/.exec(body)?.[1]));
      for (const time of times) expect(time).toBeGreaterThanOrEqual(1000);
      for (const time of times) expect(time).toBeLessThanOrEqual(1500);
    });

    it("answers waiting polls one after the other", async () => {
      const own = await startSite(front, { settings: { PHAROS_CLOSE_OVER: long } });
      const { body } = await ask(own, requestBytes({ path: "/poll" }));
      const { position } = JSON.parse(body) as { readonly position: string };
      const path = `/poll?last_event_id=${encodeURIComponent(position)}&wait=30`;
      const polls = await Promise.all([own.connect(), own.connect()]);
      for (const poll of polls) poll.write(requestBytes({ path }));
      await untilPolls(own, 2);
      void own.drain();
      await untilPolls(own, 1);
      await own.stop();
      for (const poll of polls) expect((await readResponse(poll)).status).toBe(200);
    });

    it("closes WebSockets with the code 1001", async () => {
      const own = await startSite(front, { settings: { PHAROS_CLOSE_OVER: long } });
      const sockets: WebSocketClient[] = [];
      while (sockets.length < 4) sockets.push(await openSocket(own, {}));
      void own.drain();
      const { ended, open } = await oneOfEach(sockets, ({ closeCode }) => closeCode !== undefined);
      expect(ended.closeCode).toBe(1001);
      await own.stop();
      await open.connection.readToEnd({ within });
      expect(open.closeCode).toBe(1001);
    });

    it("is not ready, and answers on open connections until the last stream has ended", async () => {
      const own = await startSite(front, { settings: { PHAROS_CLOSE_OVER: long } });
      const idle = await own.connect();
      idle.write(live);
      await readResponse(idle);
      const streams: ClientStream[] = [];
      while (streams.length < 4) streams.push(await openStream(own));
      void own.drain();
      const { open } = await oneOfEach(streams, ({ connection }) => connection.closed);
      const before = idle.length;
      idle.write(ready);
      await idle.readUntil((text) => text.slice(before).includes('"stopping"'), { within });
      expect(idle.text.slice(before)).toMatch(/^HTTP\/1.1 503 /);
      await expectLastAnswer(front, idle, '"stopping"');
      await own.stop();
      await open.connection.readToEnd({ within });
    });
  });
}

/** Streams of a hub that ends one of them at once, and the next ones later. */
interface Ending<Stream> {
  readonly own: Site;
  readonly ended: Stream;
  readonly open: Stream;
}

/**
 * A hub that ends four streams over an hour. With two workers, each of them has two streams, and ends the first one at
 * once.
 */
async function endingStreams(front: FrontName, query = ""): Promise<Ending<ClientStream>> {
  const own = await startSite(front, { settings: { PHAROS_CLOSE_OVER: long } });
  const streams: ClientStream[] = [];
  while (streams.length < 4) streams.push(await openStream(own, { query }));
  void own.drain();
  return { own, ...(await oneOfEach(streams, ({ connection }) => connection.closed)) };
}

/**
 * Waits for the end of a stream. The open one is the newest: with workers, the first stream of each of them ends a moment
 * sooner or later.
 *
 * @param streams in the order in which they were opened
 */
async function oneOfEach<Stream>(
  streams: readonly Stream[],
  hasEnded: (stream: Stream) => boolean,
): Promise<{ readonly ended: Stream; readonly open: Stream }> {
  const ended = await waitFor(() => streams.find(hasEnded), { within, missing: "the end of a stream" });
  const open = streams.at(-1);
  if (open === undefined || hasEnded(open)) throw new Error("all streams have ended at once");
  return { ended, open };
}

async function statusOf(site: Site, request: string): Promise<[status: number, text: string]> {
  const { status, body } = await ask(site, request);
  return [status, (JSON.parse(body) as { readonly status: string }).status];
}

async function untilPolls(site: Site, count: number): Promise<void> {
  await waitFor(() => site.figure("connections") === count, {
    within,
    missing: () => `${count} waiting polls; there are ${site.figure("connections")}`,
  });
}

/** Mongrel2 holds the connections of its clients, so the hub does not end them. */
async function expectLastAnswer(front: FrontName, connection: RawConnection, text: string): Promise<void> {
  await connection.readUntil(text, { within });
  if (front !== "http") return;
  await connection.readToEnd({ within });
  expect(connection.text.slice(connection.text.lastIndexOf("HTTP/1.1 "))).toMatch(
    /\r\nconnection: close\r\n/i,
  );
}
