import { describe, expect, it } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { ask, freshTopic, openStream, within, type ClientStream } from "./client.js";
import { isHost } from "./differences.js";
import type { Contract } from "./sites.js";
import { requestBytes } from "./http-text.js";
import type { Site } from "./site.js";
import { openSocket } from "./web-sockets.js";

/**
 * The response head of a new stream, byte by byte. The three lines after the content type are the same as in the 2011
 * example. Each stream has another position.
 */
const position = "#AAAAAAAA:1";
const lines = [
  "HTTP/1.1 200 OK",
  "Content-Type: text/event-stream",
  "Expires: Fri, 01 Jan 1990 00:00:00 GMT",
  "Cache-Control: no-cache, no-store, no-transform, max-age=0, must-revalidate",
  "Pragma: no-cache",
  "X-Accel-Buffering: no",
  "Incremental: ?1",
  "X-Content-Type-Options: nosniff",
  "Vary: Accept-Encoding",
  `Last-Event-ID: ${position}`,
];

export function testBeginnings({ front, site, smallSite }: Contract): void {
  // Node's server adds the date to each response of a host.
  const ends = ["Connection: close", ...(isHost(front) ? ["Date: now"] : []), "", ""];
  const head = [...lines, "Transfer-Encoding: chunked", ...ends].join("\r\n");
  /** HTTP/1.0 has no chunks. */
  const olderHead = [...lines, ...ends].join("\r\n");
  describe("the beginning of a stream", () => {
    // Middleware adds headers of its own.
    const addsHeaders = front === "middleware";

    it.skipIf(addsHeaders)(
      "is a head, the filters in a comment, the retry time and the position, to the byte",
      async () => {
        const topic = freshTopic();
        const stream = await openStream(site(), { query: `topic=${topic}` });
        const [begin, end] = headAndBody(stream);
        expect(begin).toBe(head);
        // The opening and the first page are one chunk each.
        expect(end.match(/\r\n/g)).toHaveLength(4);
        expect(stream.body).toMatch(
          new RegExp(`^: pharos, topics \\["${topic}"\\]\nretry: \\d{4}\nid: #[A-Za-z0-9_-]{8}:\\d+\n\n$`),
        );
      },
    );

    // Bug: all clients of a hub that stopped came back at the same moment.
    it.each<[string, RetryTimes]>([
      ["an event stream", () => retryTimesOf(smallSite(), "/esupdates")],
      ["a Mercure stream", () => retryTimesOf(smallSite(), mercurePath)],
      ["a WebSocket", () => retryTimesOfSockets(smallSite())],
    ])(
      "gives each client of %s a time to reconnect of its own: --retry, plus up to half of it",
      async (_, read) => {
        const times = await read();
        for (const time of times) expect(time).toSatisfy((ms: number) => ms >= 1500 && ms <= 2250);
        expect(new Set(times).size).toBeGreaterThan(1);
      },
    );

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

    it("gives a client that does not read positions no empty message", async () => {
      // Bug: many clients call their handler at every empty line. A page that parsed each message as JSON failed at the
      // position, reconnected, and never got an event.
      const topic = freshTopic();
      const connection = await smallSite().connect();
      connection.write(requestBytes({ path: `/esupdates?topic=${topic}` }));
      await connection.readUntil("\n:\n", { within });
      await smallSite().publish({ topics: [topic], data: "{}" });
      const text = await connection.readUntil("data: {}\n\n", { within });
      const [begin = "", body = ""] = text.split("\r\n\r\n");
      expect(body.split("\n\n").map((block) => block.includes("data: "))).toEqual([true, false]);
      // The client resumes before its first event with the position in the response head.
      const [, id = ""] = /^Last-Event-ID: (.*)$/m.exec(begin) ?? [];
      const headers = { "Last-Event-ID": id.trim() };
      const again = await openStream(smallSite(), { query: `topic=${topic}`, headers });
      expect(await again.dataUntil("{}")).toEqual(["{}"]);
    });

    it("does not mention headers that the request does not have", async () => {
      const bare = await site().connect();
      bare.write("GET /esupdates HTTP/1.0\r\n\r\n");
      await bare.readUntil("retry: ", { within });
      const missing = await ask(site(), requestBytes({ path: "/esupdates/missing" }));
      const health = await ask(site(), requestBytes({ path: "/healthz" }));
      for (const text of [bare.text, JSON.stringify([...missing.headers, missing.body]), health.body]) {
        expect(text).not.toMatch(/undefined|null|NaN|\[object/);
      }
    });

    it.skipIf(addsHeaders)("comes without chunks to an HTTP/1.0 client, keep-alive or not", async () => {
      for (const headers of [{}, { Connection: "keep-alive" }]) {
        const topic = freshTopic();
        const stream = await openStream(site(), { query: `topic=${topic}`, version: "HTTP/1.0", headers });
        expect(headAndBody(stream)[0]).toBe(olderHead);
        await site().publish({ topics: [topic], data: "old and fine" });
        expect(await stream.dataUntil("old and fine")).toEqual(["old and fine"]);
      }
    });
  });
}

/** The head and the body of a stream. In the head, fixed words replace the stream's own position and the date. */
function headAndBody({ connection: { text } }: ClientStream): readonly [head: string, body: string] {
  const end = text.indexOf("\r\n\r\n") + 4;
  const own = /^Last-Event-ID: #[\w-]{8}:\d+/m;
  const head = text
    .slice(0, end)
    .replace(own, `Last-Event-ID: ${position}`)
    .replace(/^Date: .*$/m, "Date: now");
  return [head, text.slice(end)];
}

type RetryTimes = () => Promise<readonly number[]>;

/** Clients whose times are compared. */
const compared = 6;

function retryTimesOf(site: Site, path: string): Promise<readonly number[]> {
  return Promise.all(
    Array.from({ length: compared }, async () => {
      const stream = await openStream(site, { path, query: "topic=a" });
      stream.close();
      return Number(/^retry: (\d+)$/m.exec(stream.body)?.[1]);
    }),
  );
}

function retryTimesOfSockets(site: Site): Promise<readonly number[]> {
  return Promise.all(
    Array.from({ length: compared }, async () => {
      const client = await openSocket(site, { query: "topic=a" });
      client.close();
      return Number(client.items[0]?.["retryMs"]);
    }),
  );
}
