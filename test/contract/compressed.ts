import { describe, expect, it } from "vitest";
import { currentToken } from "../support/token.js";
import { waitFor } from "../support/wait-for.js";
import { ask, type ClientStream, freshTopic, openStream, within } from "./client.js";
import { requestBytes } from "./http-text.js";
import { bearer } from "./mercure-client.js";
import type { Site } from "./site.js";
import type { Contract } from "./sites.js";

const headers = { Accept: "text/event-stream", "Accept-Encoding": "gzip, deflate, br" };

/** Tests streams with gzip over a front. */
export function testCompressed(contract: Contract): void {
  testCrowd(contract);
  testLateClients(contract);
  testOthers(contract);
}

function testCrowd({ site }: Contract): void {
  describe("clients that accept gzip", () => {
    it("get the same events as others in far fewer bytes, whenever they connected", async () => {
      const topic = freshTopic();
      const query = `topic=${topic}`;
      const first = await openStream(site(), { query, headers });
      await publishJson(site(), topic, { from: 1, to: 3 });
      await first.until(json(3));
      const later = await Promise.all([1, 2, 3].map(() => openStream(site(), { query, headers })));
      const plain = await openStream(site(), { query });
      await publishJson(site(), topic, { from: 4, to: 203 });
      const expected = Array.from({ length: 200 }, (_, index) => json(index + 4));
      expect((await first.dataUntil(json(203))).slice(3)).toEqual(expected);
      for (const stream of [...later, plain]) expect(await stream.dataUntil(json(203))).toEqual(expected);
      for (const stream of later) {
        expect(stream.body.startsWith(`: pharos, topics ["${topic}"]\n`)).toBe(true);
        // A busy hub may send each event by itself, which compresses least.
        expect(sizeOf(stream) * 2).toBeLessThan(sizeOf(plain));
      }
    });

    it("get the headers of GET for HEAD, and can reuse the connection", async () => {
      const head = await ask(site(), requestBytes({ method: "HEAD", headers }));
      expect(head.headers.get("content-encoding")).toBe("gzip");
      expect([head.headers.get("vary"), head.headers.get("connection")]).toEqual([
        "Accept-Encoding",
        "keep-alive",
      ]);
    });
  });
}

function testLateClients({ site, smallSite }: Contract): void {
  describe("a client that accepts gzip", () => {
    it("gets missed events, then live ones", async () => {
      const topic = freshTopic();
      const query = `topic=${topic}`;
      const ids = await publishJson(site(), topic, { from: 1, to: 300 });
      const past = { ...headers, "Last-Event-ID": ids[9] ?? "" };
      const streams = await Promise.all([1, 2].map(() => openStream(site(), { query, headers: past })));
      await site().publish({ topics: [topic], data: "live" });
      const expected = [...Array.from({ length: 290 }, (_, index) => json(index + 11)), "live"];
      for (const stream of streams) {
        expect(await stream.dataUntil("live")).toEqual(expected);
        expect(sizeOf(stream) * 3).toBeLessThan(stream.body.length);
      }
    });

    it("gets gaps and retained values", async () => {
      const topic = freshTopic();
      await site().publish({ topics: [topic], data: "kept", retain: true });
      const query = `topic=${topic}`;
      const fresh = await openStream(site(), { query, headers });
      expect(await fresh.dataUntil("kept")).toEqual(["kept"]);
      const lost = { ...headers, "Last-Event-ID": "#AAAAAAAA:1" };
      const stream = await openStream(site(), { query, headers: lost });
      expect((await stream.until("kept")).map(({ event }) => event)).toEqual(["pharos-gap", undefined]);
    });

    it("gets heartbeats", async () => {
      const stream = await openStream(smallSite(), { query: `topic=${freshTopic()}`, headers });
      const beats = (): number => stream.body.split("\n:\nid: #").length - 1;
      await waitFor(() => beats() > 1, {
        within,
        missing: () => `two heartbeats have not come, but ${JSON.stringify(stream.body)}`,
      });
      expect(stream.events).toEqual([]);
    });
  });
}

function testOthers({ site, mercureSite }: Contract): void {
  describe("a client with a token, or one that does not accept gzip or does not ask for an event stream", () => {
    it("gets an uncompressed stream", async () => {
      const query = `topic=${freshTopic()}`;
      const granted = { ...headers, ...bearer(await currentToken({ subscribe: ["*"] })) };
      for (const stream of [
        // Ruby's Net::HTTP accepts gzip by default, but outputs nothing before the end of a compressed response.
        await openStream(site(), { query, headers: { Accept: "*/*", "Accept-Encoding": "gzip" } }),
        await openStream(site(), { query, headers: { "Accept-Encoding": "gzip" } }),
        await openStream(mercureSite(), { query, headers: granted }),
        await openStream(site(), { query, headers: { ...headers, "Accept-Encoding": "gzip;q=0, br" } }),
      ]) {
        expect(stream.connection.text).not.toContain("Content-Encoding");
        expect(stream.body).toMatch(/^: pharos, topics/);
      }
    });
  });
}

/** An event of about 200 bytes. */
function json(n: number): string {
  const reading = {
    sensor: `hall-${n % 7}`,
    at: 1_700_000_000 + n,
    celsius: 20 + (n % 50) / 10,
    humidity: n % 100,
  };
  return JSON.stringify({
    ...reading,
    unit: "as the station in the hall reports it, unchecked",
    battery: "good",
  });
}

async function publishJson(
  site: Site,
  topic: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly string[]> {
  const numbers = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return Promise.all(numbers.map((n) => site.publish({ topics: [topic], data: json(n) })));
}

/** The number of bytes after the response head. */
function sizeOf({ connection }: ClientStream): number {
  return connection.length - connection.bytes.indexOf("\r\n\r\n") - 4;
}
