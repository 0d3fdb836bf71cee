import { constants, gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { LocalTicket } from "../../src/delivery/joining/local-ticket.js";
import { encodeStreamHead } from "../../src/gateway/http/response-head.js";
import type { StreamStart } from "../../src/gateway/http/messages.js";
import {
  bearer,
  headerOf,
  MercureWorld,
  type MercureWorldOptions,
} from "../protocols/mercure/mercure-world.js";
import { decodeChunks } from "../support/chunks.js";

const gzip = { accept: "text/event-stream", "accept-encoding": "gzip, deflate, br, zstd" };

const endpoints = [
  { path: "/esupdates", query: "topic=a" },
  { path: "/.well-known/mercure", query: "match=a" },
  { path: "/.well-known/mercure", query: "topic=a" },
] as const;

async function open(
  options: MercureWorldOptions,
  request: Parameters<MercureWorld["ask"]>[0],
): Promise<StreamStart> {
  const answer = await new MercureWorld(options).ask({ version: "1.0", ...request });
  if (answer.kind !== "stream") throw new Error(`refused with ${answer.status}: ${answer.body.toString()}`);
  return answer;
}

const joiningOf = ({ ticket }: StreamStart) => LocalTicket.read(ticket);

describe.each(endpoints)("a stream of $path?$query", (endpoint) => {
  it("is in gzip for a client that takes it, from its first byte", async () => {
    const headers = gzip;
    const start = await open({ compress: "public" }, { ...endpoint, headers });
    const plain = await open({ compress: "public" }, endpoint);
    expect(joiningOf(start).subscription.coding?.name).toBe("gzip");
    expect(headerOf(start, "content-encoding")).toBe("gzip");
    const opening = gunzipSync(start.opening, { finishFlush: constants.Z_SYNC_FLUSH });
    expect(opening.toString()).toBe(plain.opening.toString());
    const [head = ""] = encodeStreamHead(start).toString("latin1").split("\r\n\r\n");
    expect(head).toContain("\r\nContent-Encoding: gzip\r\nVary: Accept-Encoding\r\n");
  });

  it("is plain for other clients, and says that it might not be", async () => {
    for (const headers of [
      {},
      { ...gzip, "accept-encoding": "br" },
      { ...gzip, "accept-encoding": "gzip;q=0" },
      // Ruby's Net::HTTP accepts gzip by default, and gives no event before the end of a compressed response.
      { ...gzip, accept: "*/*" },
      { ...gzip, accept: "text/event-stream;q=0, */*" },
    ]) {
      const start = await open({ compress: "public" }, { ...endpoint, headers });
      expect(joiningOf(start).subscription.coding).toBe(undefined);
      expect(headerOf(start, "content-encoding")).toBe(undefined);
      expect(headerOf(start, "vary")).toBe("Accept-Encoding");
      expect(start.opening.toString()).toContain(`: pharos, topics ["a"]\n`);
    }
  });

  it("is plain with a token, whatever it allows, unless private ones are to be compressed too", async () => {
    for (const token of ["subscribe.a", "subscribe.b", "publish.a"]) {
      const request = { ...endpoint, headers: { ...gzip, ...bearer(token) } };
      const plain = await open({ compress: "public" }, request);
      expect([joiningOf(plain).subscription.coding, headerOf(plain, "vary")]).toEqual([
        undefined,
        "Accept-Encoding",
      ]);
      expect(joiningOf(await open({ compress: "all" }, request)).subscription.coding?.name).toBe("gzip");
    }
  });

  it("is plain where nothing is compressed, and then for everybody", async () => {
    const start = await open({ compress: "none" }, { ...endpoint, headers: gzip });
    expect([joiningOf(start).subscription.coding, headerOf(start, "vary")]).toEqual([undefined, undefined]);
  });

  it("comes in chunks to HTTP/1.1 clients", async () => {
    const request = { ...endpoint, headers: gzip, version: "1.1" };
    const start = await open({ compress: "public" }, request);
    expect([joiningOf(start).subscription.coding?.name, start.isChunked]).toEqual(["gzip, chunked", true]);
    const { body } = decodeChunks(start.opening);
    expect(gunzipSync(body, { finishFlush: constants.Z_SYNC_FLUSH }).toString()).toContain("retry: ");
    expect(encodeStreamHead(start).toString("latin1")).toContain("\r\nTransfer-Encoding: chunked\r\n");
  });

  it("names what it depends on in one header", async () => {
    const request = { ...endpoint, headers: gzip };
    const start = await open({ compress: "public", corsOrigins: ["https://app.example"] }, request);
    expect(start.headers.filter(([name]) => name === "Vary")).toEqual([["Vary", "Accept-Encoding, Origin"]]);
  });
});
