import { describe, expect, it, onTestFinished } from "vitest";
import { startHub } from "../support/hub-process.js";
import { linkTo } from "../support/mongrel2-hub.js";
import { startMongrel2 } from "../support/mongrel2-server.js";
import { connectRaw } from "../support/raw-http.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;

/** Each address that a proxy reports may open one stream. The limit for this machine is too high to matter here. */
const limits = { connectionsPerAddress: 1, connectionsPerLocalAddress: 100 };

/** Requests a stream and leaves it open. Returns the status of the response. */
async function statusOf(port: number, forwardedFor: string): Promise<number> {
  const client = await connectRaw({ port });
  client.write(`GET /esupdates HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${forwardedFor}\r\n\r\n`);
  const text = await client.readUntil("\r\n\r\n", { within });
  return Number(text.split(" ")[1]);
}

async function behindMongrel2(settings: Readonly<Record<string, number>>): Promise<number> {
  const server = await startMongrel2({ mode: "shipped", settings });
  onTestFinished(() => server.stop());
  const hub = await startHub({
    mongrel2: [linkTo(server)],
    config: { limits },
    args: ["--trusted-proxy", "127.0.0.1"],
  });
  const ready = async () => (await fetch(`${hub.httpUrl}/healthz`)).text();
  await waitFor(async () => (await ready()).includes('"linksUp":1'), {
    within,
    missing: "the link is not up",
  });
  return server.port;
}

describe("clients behind a trusted proxy", () => {
  it("are distinguished by the proxy's header, and not by their own headers", async () => {
    const { httpPort } = await startHub({ config: { limits }, args: ["--trusted-proxy", "127.0.0.1"] });
    expect(await statusOf(httpPort, "198.51.100.1")).toBe(200);
    expect(await statusOf(httpPort, "198.51.100.1")).toBe(429);
    expect(await statusOf(httpPort, "198.51.100.99, 198.51.100.1")).toBe(429);
    expect(await statusOf(httpPort, "198.51.100.1, 198.51.100.2")).toBe(200);
    expect(await statusOf(httpPort, "2001:db8::1")).toBe(200);
    expect(await statusOf(httpPort, "[2001:db8::2]:4711")).toBe(429);
  });

  it("are distinguished behind Mongrel2 too, if it keeps the proxy's header", async () => {
    const port = await behindMongrel2({ no_clobber_xff: 1 });
    expect(await statusOf(port, "198.51.100.1")).toBe(200);
    expect(await statusOf(port, "198.51.100.99, 198.51.100.1")).toBe(429);
    expect(await statusOf(port, "198.51.100.2")).toBe(200);
  });

  it("count as the proxy if Mongrel2 replaces the header with its own peer", async () => {
    const port = await behindMongrel2({});
    for (let count = 0; count < 3; count += 1) expect(await statusOf(port, "198.51.100.1")).toBe(200);
  });
});
