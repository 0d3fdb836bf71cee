import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RawConnection } from "../support/raw-http.js";
import { unreadBytes } from "../support/tcp-queues.js";
import { waitFor } from "../support/wait-for.js";
import { freshTopic, openStream, readResponse, within } from "./client.js";
import type { Contract } from "./sites.js";
import { olderToken } from "../support/token.js";
import {
  answersEndedSides,
  bytesBehindStream,
  requestInManyPieces,
  valueFor,
  type FrontName,
} from "./differences.js";
import { parseResponse, requestBytes } from "./http-text.js";
import type { Site } from "./site.js";

const health = requestBytes({ path: "/healthz" });

export function testConnections(contract: Contract): void {
  testKeepAlive(contract);
  testPipelining(contract);
  testEndedSides(contract);
  testOtherProtocols(contract);
  testRequestsBehindStreams(contract);
}

function testKeepAlive({ front, site }: Contract): void {
  describe("a connection", () => {
    it("carries several requests of an HTTP/1.1 client, and then a stream", async () => {
      const connection = await site().connect();
      let length = 0;
      for (const path of ["/healthz", "/esupdates/missing", "/healthz"]) {
        connection.write(requestBytes({ path }));
        const text = await connection.readUntil(
          (received) => parseResponse(received.slice(length)) !== undefined,
          { within },
        );
        expect(parseResponse(text.slice(length))?.rest).toBe("");
        length = text.length;
      }
      connection.write(requestBytes({}));
      await connection.readUntil("retry: ", { within });
      expect(connection.closed).toBe(false);
    });

    it("ends after the response if the client requests it", async () => {
      const connection = await site().connect();
      connection.write(requestBytes({ path: "/healthz", headers: { Connection: "close" } }));
      const text = await connection.readToEnd({ within });
      expect(parseResponse(text)?.headers.get("connection")).toBe("close");
      expect(parseResponse(text)?.rest).toBe("");
    });

    it("ends after the response to an HTTP/1.0 client", async () => {
      const connection = await site().connect();
      connection.write("GET /healthz HTTP/1.0\r\n\r\n");
      const response = parseResponse(await connection.readToEnd({ within }));
      expect(response?.headers.get("connection")).toBe("close");
      expect(response?.body).toContain('"status":"ok"');
    });

    it("stays for an HTTP/1.0 client that asks for keep-alive", async () => {
      const connection = await site().connect();
      const request = requestBytes({
        path: "/healthz",
        version: "HTTP/1.0",
        headers: { Connection: "keep-alive" },
      });
      connection.write(request);
      const first = await readResponse(connection);
      expect(first.headers.get("connection")).toBe("keep-alive");
      connection.write(request);
      await connection.readUntil((text) => text.split('"status":"ok"').length === 3, { within });
    });

    it.each([
      { pieces: "three pieces", size: Math.ceil(health.length / 3), expected: () => 200 },
      { pieces: "single bytes", size: 1, expected: () => valueFor(front, requestInManyPieces) },
    ])("takes a request in $pieces, or refuses it where the front does so", async ({ size, expected }) => {
      const connection = await site().connect();
      const direction = { from: connection.localPort, to: site().port };
      // Stops writing once the server answers. If the client continued to write, the server would reset the connection,
      // and the client might never read the error response.
      for (let at = 0; at < health.length && connection.length === 0; at += size) {
        connection.write(health.slice(at, at + size));
        await waitFor(() => unreadBytes(direction) === 0, { within, missing: "the reading of a piece" });
        await turn();
      }
      expect((await readResponse(connection)).status).toBe(expected());
    });
  });
}

function testPipelining({ site }: Contract): void {
  describe("requests that come before the answers to earlier ones", () => {
    it("are answered in their order", async () => {
      const connection = await site().connect();
      const missing = requestBytes({ path: "/esupdates/missing" });
      connection.write(health + missing + requestBytes({ method: "HEAD", path: "/healthz" }) + health);
      const text = await connection.readUntil((received) => received.split('"status":"ok"').length === 3, {
        within,
      });
      expect(statusesIn(text)).toEqual(["200", "404", "200", "200"]);
    });

    it("may end with a stream, which begins after the previous response", async () => {
      const topic = freshTopic();
      const connection = await site().connect();
      connection.write(health + requestBytes({ path: `/esupdates?topic=${topic}` }));
      await connection.readUntil("retry: ", { within });
      const rest = parseResponse(connection.text)?.rest ?? "";
      expect(rest).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\n/);
      await untilSubscribed(connection);
      await site().publish({ topics: [topic], data: "behind an answer" });
      await connection.readUntil("data: behind an answer\n\n", { within });
    });

    it("may be a file and then a stream", async () => {
      // Bug: the stream began while the server was still reading the file from disk. The client then received the bytes
      // of the file as events.
      const connection = await site().connect();
      connection.write(requestBytes({ path: "/console.css" }) + requestBytes({}));
      await connection.readUntil("retry: ", { within });
      const file = parseResponse(connection.text);
      expect(file?.headers.get("content-type")).toMatch(/^text\/css/);
      expect(file?.rest).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\n/);
    });
  });
}

function testEndedSides({ front, mercureSite }: Contract): void {
  describe("a client that ends its side after its last request", () => {
    // Bug: with workers, such a client got no answer, and most of its publications were lost.
    it("gets all answers, where the front gives them", async () => {
      const body = "x".repeat(1000);
      const headers = {
        Authorization: `Bearer ${await olderToken({ publish: ["*"] })}`,
        "Content-Length": String(body.length),
      };
      const publish = requestBytes({ method: "POST", path: `/publish/${freshTopic()}`, headers, body });
      for (const request of [publish, health, publish + publish + health]) {
        const connection = await mercureSite().connect();
        connection.write(request);
        connection.endWriting();
        const text = await connection.readToEnd({ within });
        const all = Array(request.split("HTTP/1.1").length - 1).fill("200");
        expect(statusesIn(text)).toEqual(answersOf(front, { given: statusesIn(text), all }));
      }
    });

    it("gets the answer to its poll at once, where the front gives it", async () => {
      const connection = await mercureSite().connect();
      const after = encodeURIComponent(await mercureSite().publish({ topics: ["before"], data: "x" }));
      const path = `/poll?topic=${freshTopic()}&wait=30&last_event_id=${after}`;
      connection.write(requestBytes({ path }));
      connection.endWriting();
      const text = await connection.readToEnd({ within });
      expect(statusesIn(text)).toEqual(answersOf(front, { given: statusesIn(text), all: ["200"] }));
    });
  });
}

/** The answers that a client gets which ends its side; where those count that are in time, any first ones. */
function answersOf(
  front: FrontName,
  { given, all }: { readonly given: readonly unknown[]; readonly all: readonly unknown[] },
): readonly unknown[] {
  return { all, "those in time": all.slice(0, given.length), none: [] }[valueFor(front, answersEndedSides)];
}

function testOtherProtocols({ mercureSite }: Contract): void {
  describe("a client that asks for another protocol on its connection", () => {
    // Bug: the next request, in the same piece, was dropped. Its client waited for the answer for ever.
    it.each(["GET", "POST"])(
      "gets its answer in HTTP, and can repeat its next request (%s)",
      async (method) => {
        const connection = await mercureSite().connect();
        const body = method === "POST" ? "hello" : "";
        const headers = {
          Connection: "Upgrade, HTTP2-Settings",
          Upgrade: "h2c",
          "HTTP2-Settings": "AAMAAABkAAQCAAAAAAIAAAAA",
          "Content-Length": String(body.length),
        };
        connection.write(requestBytes({ method, path: "/healthz", headers, body }) + health);
        const text = await connection.readUntil(
          (received) => connection.closed || statusesIn(received).length === 2,
          { within },
        );
        expect(statusesIn(text)[0]).toBe(method === "GET" ? "200" : "405");
      },
    );
  });
}

function statusesIn(text: string): readonly string[] {
  return [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status = ""]) => status);
}

function testRequestsBehindStreams({ front, site }: Contract): void {
  describe("requests on a connection that carries a stream", () => {
    it("are counted and not answered, leave the stream whole, and close it when they keep coming", async () => {
      const topic = freshTopic();
      const stream = await openStream(site(), { query: `topic=${topic}` });
      const before = { extra: extra(site()), cut: site().figure("connections_cut_total") };
      for (const count of [1, 2]) {
        stream.connection.write(count === 1 ? health : requestBytes({}));
        await untilExtra(site(), before.extra + count);
        await site().publish({ topics: [topic], data: `after ${count}` });
        await stream.until(`after ${count}`);
      }
      expect(stream.events.map(({ data }) => data)).toEqual(["after 1", "after 2"]);
      stream.connection.write(health);
      await stream.connection.readToEnd({ within });
      await untilExtra(site(), before.extra + 3);
      const cut = site().figure("connections_cut_total");
      expect({ extra: extra(site()), cut }).toEqual({ extra: before.extra + 3, cut: before.cut + 1 });
      expect(stream.connection.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
    });

    it("count too when they came together with the stream's own", async () => {
      const before = extra(site());
      const connection = await site().connect();
      connection.write(requestBytes({}) + health + health);
      await connection.readUntil("retry: ", { within });
      await untilExtra(site(), before + 2);
      expect(connection.text.match(/HTTP\/1\.1/g)).toHaveLength(1);
      expect(connection.closed).toBe(false);
    });

    it("may have a body, which is not read", async () => {
      const topic = freshTopic();
      const stream = await openStream(site(), { query: `topic=${topic}` });
      const before = extra(site());
      const body = "b".repeat(18_000);
      stream.connection.write(
        requestBytes({ method: "POST", headers: { "Content-Length": String(body.length) }, body }) + health,
      );
      await untilExtra(site(), before + 2);
      await site().publish({ topics: [topic], data: "still whole" });
      expect(await stream.dataUntil("still whole")).toEqual(["still whole"]);
    });

    it("end the connection if they are not valid requests", async () => {
      const stream = await openStream(site());
      stream.connection.write("nonsense\r\n\r\n");
      const text = await stream.connection.readToEnd({ within });
      const answered = text.includes("HTTP/1.1 400 Bad Request");
      expect(answered ? "400 and closed" : "closed").toBe(valueFor(front, bytesBehindStream));
    });
  });
}

async function untilSubscribed(connection: RawConnection): Promise<void> {
  // The first part of a stream ends with the retry time.
  await connection.readUntil((text) => /retry: \d+\n\r\n$/.test(text), { within });
}

function extra(site: Site): number {
  return site.figure("second_requests_total");
}

async function untilExtra(site: Site, count: number): Promise<void> {
  await waitFor(() => extra(site) >= count, {
    within,
    missing: () => `${extra(site)} further requests were counted, not ${count}`,
  });
}
