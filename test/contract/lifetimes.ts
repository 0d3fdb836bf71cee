import { describe, expect, it } from "vitest";
import { type ClientStream, freshTopic, openStream, openStreams, untilStreams, within } from "./client.js";
import type { Contract } from "./sites.js";
import { requestBytes } from "./http-text.js";
import { startSite } from "./site.js";
import { waitFor } from "../support/wait-for.js";

export function testLifetimes(contract: Contract): void {
  testLeaving(contract);
  testStalled(contract);
  testQuietAndStopped(contract);
}

function testLeaving({ site }: Contract): void {
  describe("a client that leaves", () => {
    it.each([
      { how: "by closing", leave: (stream: ClientStream) => stream.connection.close() },
      { how: "by a reset", leave: (stream: ClientStream) => stream.connection.close({ reset: true }) },
      {
        how: "by saying that it will send no more",
        leave: (stream: ClientStream) => stream.connection.endWriting(),
      },
    ])("$how is forgotten at once", async ({ leave }) => {
      await untilStreams(site(), 0);
      const stream = await openStream(site(), { query: `topic=${freshTopic()}` });
      expect(await openStreams(site())).toBe(1);
      leave(stream);
      await untilStreams(site(), 0);
    });

    it("after a request with a body is forgotten at once", async () => {
      // Bug: because nothing read the body, Node stopped reading from the socket, and the hub did not notice that the
      // client had closed the connection.
      await untilStreams(site(), 0);
      const connection = await site().connect();
      const body = "b".repeat(20_000);
      connection.write(requestBytes({ headers: { "Content-Length": String(body.length) }, body }).repeat(2));
      await connection.readUntil("retry: ", { within });
      expect(await openStreams(site())).toBe(1);
      connection.close();
      await untilStreams(site(), 0);
    });

    it("in the middle of a delivery costs other clients no events", async () => {
      const topic = freshTopic();
      const [stays, leaves] = [
        await openStream(site(), { query: `topic=${topic}` }),
        await openStream(site(), { query: `topic=${topic}` }),
      ];
      const pad = "x".repeat(2000);
      for (let n = 1; n <= 400; n++) {
        await site().publish({ topics: [topic], data: `${n} ${pad}` });
        if (n === 200) leaves.close();
      }
      const numbers = (await stays.until(`400 ${pad}`)).map(({ data }) => Number(data?.split(" ")[0]));
      expect(numbers).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
    });
  });
}

function testStalled({ front }: Contract): void {
  describe("a client that never reads again", () => {
    it("is cut, even with undelivered data", async () => {
      const site = await startSite(front, { settings: { PHAROS_LIMITS_STALL_SECONDS: "1" } });
      const topic = freshTopic();
      const stream = await openStream(site, { query: `topic=${topic}` });
      stream.connection.pause();
      const padding = "x".repeat(unread.bytes);
      for (let n = 1; n <= unread.count; n++)
        await site.publish({ topics: [topic], data: `${n} ${padding}` });
      await untilStreams(site, 0);
      stream.connection.resume();
      await stream.connection.readToEnd({ within });
      expect(stream.connection.length).toBeLessThan(unread.count * unread.bytes);
    });
  });
}

function testQuietAndStopped({ front, smallSite }: Contract): void {
  describe("a quiet stream", () => {
    it("gets heartbeats, each with the current position", async () => {
      const stream = await openStream(smallSite(), { query: `topic=${freshTopic()}` });
      const beats = (): readonly string[] =>
        [...stream.body.matchAll(/:\n(id: #[^\n]+)\n\n/g)].map(([, id]) => id ?? "");
      await waitFor(() => beats().length > 0, { within, missing: "no heartbeat has come" });
      const position = await smallSite().publish({ topics: [freshTopic()], data: "elsewhere" });
      await waitFor(() => beats().at(-1) === `id: ${position}`, {
        within,
        missing: () => `the last heartbeat says ${beats().at(-1)}, not ${position}`,
      });
      expect(stream.events).toEqual([]);
    });
  });

  describe("a hub that stops in order", () => {
    it("delivers all publications, then ends its streams without delay", async () => {
      const site = await startSite(front);
      const topic = freshTopic();
      const streams = await Promise.all([1, 2, 3].map(() => openStream(site, { query: `topic=${topic}` })));
      await site.publish({ topics: [topic], data: "the last" });
      await site.stop();
      for (const stream of streams) {
        await stream.connection.readToEnd({ within });
        expect(stream.events.map(({ data }) => data)).toEqual(["the last"]);
        // A publication may have given all clients the same time.
        expect(stream.body).toMatch(/\n\nretry: \d+\n$/);
        // Without the last chunk, the client's HTTP library reports a broken response.
        expect(stream.connection.text.endsWith("\n\r\n0\r\n\r\n")).toBe(true);
        expect(stream.connection.error).toBeUndefined();
      }
    });
  });
}

/**
 * 16 MB in all. If a client does not read, the kernel buffers less: the two socket buffers of the connection grow to 6
 * and 4 MB.
 */
const unread = { count: 512, bytes: 32 * 1024 };
