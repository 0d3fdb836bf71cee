import { describe, expect, it } from "vitest";
import { ask, freshTopic, openStream, within } from "./client.js";
import type { Contract } from "./sites.js";
import { requestBytes } from "./http-text.js";

/**
 * The response head of every stream, byte by byte. The three lines after the content type are the same as in the 2011
 * example.
 */
const head = [
  "HTTP/1.1 200 OK",
  "Content-Type: text/event-stream",
  "Expires: Fri, 01 Jan 1990 00:00:00 GMT",
  "Cache-Control: no-cache, no-store, max-age=0, must-revalidate",
  "Pragma: no-cache",
  "X-Accel-Buffering: no",
  "X-Content-Type-Options: nosniff",
  "Vary: Accept-Encoding",
  "Connection: close",
  "",
  "",
].join("\r\n");

export function testBeginnings({ site, smallSite }: Contract): void {
  describe("the beginning of a stream", () => {
    it("is a head, the filters in a comment, the retry time and the position, to the byte", async () => {
      const topic = freshTopic();
      const stream = await openStream(site(), { query: `topic=${topic}` });
      const [begin, end] = [
        stream.connection.text.slice(0, head.length),
        stream.connection.text.slice(head.length),
      ];
      expect(begin).toBe(head);
      expect(end).toMatch(
        new RegExp(`^: pharos, topics \\["${topic}"\\]\nretry: 5000\nid: #[A-Za-z0-9_-]{8}:\\d+\n\n$`),
      );
    });

    it("sends the configured retry time", async () => {
      const stream = await openStream(smallSite());
      expect(stream.body).toContain("\nretry: 1500\n");
    });

    it("gives a client that leaves before its first event an id to resume from", async () => {
      const topic = freshTopic();
      const stream = await openStream(site(), { query: `topic=${topic}` });
      const position = stream.lastId ?? "";
      stream.close();
      await site().publish({ topics: [topic], data: "missed" });
      const again = await openStream(site(), {
        query: `topic=${topic}`,
        headers: { "Last-Event-ID": position },
      });
      expect(await again.dataUntil("missed")).toEqual(["missed"]);
    });

    it("does not mention headers that the request does not have", async () => {
      const bare = await site().connect();
      bare.write("GET /esupdates HTTP/1.0\r\n\r\n");
      await bare.readUntil("\n\n", { within });
      const missing = await ask(site(), requestBytes({ path: "/esupdates/missing" }));
      const health = await ask(site(), requestBytes({ path: "/healthz" }));
      for (const text of [bare.text, JSON.stringify([...missing.headers, missing.body]), health.body]) {
        expect(text).not.toMatch(/undefined|null|NaN|\[object/);
      }
    });

    it("comes in the same form to an HTTP/1.0 client, keep-alive or not", async () => {
      for (const headers of [{}, { Connection: "keep-alive" }]) {
        const topic = freshTopic();
        const stream = await openStream(site(), { query: `topic=${topic}`, version: "HTTP/1.0", headers });
        expect(stream.connection.text.slice(0, head.length)).toBe(head);
        await site().publish({ topics: [topic], data: "old and fine" });
        expect(await stream.dataUntil("old and fine")).toEqual(["old and fine"]);
      }
    });
  });
}
