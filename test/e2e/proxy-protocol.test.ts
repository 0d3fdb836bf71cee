import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHaproxy } from "../support/haproxy.js";
import { startHub } from "../support/hub-process.js";
import type { HubProcess } from "../support/hub-process.js";
import { metric } from "../support/hub-metric.js";
import { encodeBlock, ipv4Ends, ipv6Ends, protocolBytes } from "../support/proxy-headers.js";
import { connectRaw } from "../support/raw-http.js";
import { certificateFolder, makeCertificate } from "../support/tls/certificates.js";
import { startSecureHub } from "../support/tls/secure-hub.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;

/** Two streams of each address. */
const config = { limits: { connectionsPerLocalAddress: 2 } };

/** Sends bytes from an address of this machine, and returns the first line of the response; empty if there is none. */
async function firstLine(port: number, bytes: string, localAddress = "127.0.0.1"): Promise<string> {
  const client = createConnection({ port, host: "127.0.0.1", localAddress });
  onTestFinished(() => void client.destroy());
  client.on("error", () => undefined);
  client.write(bytes);
  const text = await new Promise<string>((resolve) => {
    client.once("data", (piece) => resolve(piece.toString()));
    client.once("close", () => resolve(""));
  });
  return text.split("\r\n")[0] ?? "";
}

function request(path: string, headers: readonly string[] = []): string {
  return [`GET ${path} HTTP/1.1`, "Host: localhost", ...headers, "", ""].join("\r\n");
}

const stream = request("/esupdates");

/** The client address in the log line about a request that the hub refused. */
async function refusedClient(hub: HubProcess, path: string): Promise<unknown> {
  const [line] = await hub.waitForLog(new RegExp(`.*${path}.*`), { within });
  return (JSON.parse(line) as { readonly client?: unknown }).client;
}

describe.each([0, 2])("behind HAProxy, a hub with %i workers", (workers) => {
  const env = { PHAROS_WORKERS: String(workers) };

  it.each(["send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options unique-id,crc32c"])(
    "knows its clients' addresses, in limits and in the log (%s)",
    async (option) => {
      const hub = await startHub({ config, env, args: ["--proxy-protocol", "127.0.0.1"] });
      const port = await startHaproxy(`127.0.0.1:${hub.httpPort} ${option}`);
      const statuses = async (address: string): Promise<string[]> => {
        const lines: string[] = [];
        for (let count = 0; count < 3; count += 1) lines.push(await firstLine(port, stream, address));
        return lines.map((line) => line.split(" ")[1] ?? "");
      };
      expect(await statuses("127.0.0.2")).toEqual(["200", "200", "429"]);
      expect(await statuses("127.0.0.3")).toEqual(["200", "200", "429"]);
      await firstLine(port, request("/nowhere"), "127.0.0.4");
      expect(await refusedClient(hub, "/nowhere")).toBe("127.0.0.4");
    },
  );

  it("knows them at a unix socket, too", async () => {
    const folder = await mkdtemp(join(tmpdir(), "pharos-proxy-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const path = join(folder, "http");
    const hub = await startHub({ http: `unix:${path}`, env, args: ["--proxy-protocol", "unix"] });
    const port = await startHaproxy(`unix@${path} send-proxy-v2`);
    expect(await firstLine(port, request("/nowhere"), "127.0.0.5")).toBe("HTTP/1.1 404 Not Found");
    expect(await refusedClient(hub, "/nowhere")).toBe("127.0.0.5");
  });

  it("stays healthy by HAProxy's checks, which name no client", async () => {
    const hub = await startHub({ env, args: ["--proxy-protocol", "127.0.0.1"] });
    const check = "check inter 100ms send-proxy-v2";
    const port = await startHaproxy(`127.0.0.1:${hub.httpPort} ${check}`);
    expect(await firstLine(port, request("/healthz"))).toBe("HTTP/1.1 200 OK");
    expect(hub.stderr).not.toContain("PROXY header");
  });
});

describe.each([0, 2])("with %i workers, a hub", (workers) => {
  const env = { PHAROS_WORKERS: String(workers) };

  it("cuts a listed proxy that sends no header, counts it, and logs it", async () => {
    const hub = await startHub({ env, admin: "127.0.0.1:0", args: ["--proxy-protocol", "127.0.0.1"] });
    expect(await firstLine(hub.httpPort, stream)).toBe("");
    const [line] = await hub.waitForLog(/.*without a valid PROXY header.*/, { within });
    expect(JSON.parse(line)).toMatchObject({ level: "warn", proxy: "127.0.0.1", reason: "no PROXY header" });
    await waitFor(
      async () => (await metric(hub, 'pharos_connections_cut_total{reason="proxy-header"}')) === 1,
      {
        within,
        missing: "the connection is not counted",
      },
    );
  });

  it("believes nobody else's header, and tells the client so", async () => {
    const hub = await startHub({ env, args: ["--proxy-protocol", "192.0.2.7"] });
    const client = await connectRaw({ port: hub.httpPort });
    client.write(`PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n${stream}`);
    const text = await client.readToEnd({ within });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain("only from proxies that --proxy-protocol names");
  });

  it("counts a client's connections without a request, too, and cuts those above the limit", async () => {
    const hub = await startHub({ config, env, args: ["--proxy-protocol", "127.0.0.1"] });
    const header = "PROXY TCP4 10.0.0.7 192.0.2.1 56324 443\r\n";
    const clients = await Promise.all(
      Array.from({ length: 102 }, async () => {
        const client = await connectRaw({ port: hub.httpPort });
        client.write(header);
        return client;
      }),
    );
    const late = await connectRaw({ port: hub.httpPort });
    late.write(header);
    await waitFor(() => [...clients, late].filter(({ closed }) => closed).length === 1, {
      within,
      missing: "the connection above the limit stays open",
    });
    for (const client of clients) client.close();
    const open = async (): Promise<boolean> =>
      (await firstLine(hub.httpPort, header + request("/healthz"))) === "HTTP/1.1 200 OK";
    expect(await waitFor(open, { within, missing: "the connections that have ended still count" })).toBe(
      true,
    );
  });

  it("reads a header before the TLS handshake, and its address counts in the limit per address and in the access log", async () => {
    const certificate = makeCertificate(certificateFolder(), "hub");
    const limits = { connectionsPerAddress: 2, connectionsPerLocalAddress: 2 };
    const args = ["--proxy-protocol", "127.0.0.1"];
    const hub = await startSecureHub([certificate], {
      config: { limits, accessLog: "access.log" },
      env,
      args,
    });
    const ofVersion2 = (protocol: number, addresses: Buffer): Buffer => encodeBlock({ protocol, addresses });
    const { tcp4, tcp6 } = protocolBytes;
    const headers: readonly (readonly [address: string, header: string | Buffer])[] = [
      ["198.51.100.7", "PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n"],
      ["2001:db8::7", "PROXY TCP6 2001:db8::7 2001:db8::1 56324 443\r\n"],
      ["198.51.100.8", ofVersion2(tcp4, ipv4Ends("198.51.100.8"))],
      ["2001:db8:1::8", ofVersion2(tcp6, ipv6Ends("2001:db8:1:0:0:0:0:8"))],
    ];
    for (const [address, first] of headers) {
      const statuses: string[] = [];
      for (let count = 0; count < 3; count += 1) {
        const client = await connectRaw({ port: hub.httpPort, tls: true, first });
        client.write(request(`/esupdates?topic=a`, [`X-Request-Id: ${address}`]));
        const text = await client.readUntil("\r\n", { within });
        statuses.push(text.split(" ")[1] ?? "");
      }
      expect([address, statuses]).toEqual([address, ["200", "200", "429"]]);
    }
    const wanted = headers.map(([address]) => ({
      requestId: address,
      address,
      scheme: "https",
      status: 429,
    }));
    const found = async (): Promise<unknown[]> =>
      (await readFile(join(hub.scratch, "access.log"), "utf8"))
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
        .map(({ requestId, address, scheme, status }) => ({ requestId, address, scheme, status }));
    const byId = (lines: readonly unknown[]): string[] =>
      lines.map((line) => JSON.stringify(line)).toSorted();
    await expect.poll(async () => byId(await found()), { timeout: within }).toEqual(byId(wanted));
  });

  it("lets nobody publish without a token through a proxy, whatever address its header names", async () => {
    const hub = await startHub({ env, args: ["--proxy-protocol", "127.0.0.1", "--open"] });
    const client = await connectRaw({ port: hub.httpPort });
    const publish = "POST /publish/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx";
    client.write(`PROXY TCP4 127.0.0.1 127.0.0.1 56324 443\r\n${publish}`);
    const text = await client.readUntil("\r\n\r\n", { within });
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    await hub.waitForLog(/forwarded the request/, { within });
  });
});
