import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createConnection } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/free-port.js";
import { spawnHub, startHub } from "../support/hub-process.js";
import type { HubOptions, HubProcess } from "../support/hub-process.js";
import { waitFor } from "../support/wait-for.js";

const within = 30_000;
const execute = promisify(execFile);
const hasIPv6 = Object.values(networkInterfaces()).some((each) =>
  each?.some(({ address }) => address === "::1"),
);

let folder = "";
let path = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "pharos-listening-"));
  path = join(folder, "http");
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
});

/** The status of `/healthz` at a URL, or at a unix socket. */
async function health(url: string): Promise<number> {
  const options = url.startsWith("unix:")
    ? ["--unix-socket", url.slice(5), "http://localhost/healthz"]
    : [`${url}/healthz`];
  const { stdout } = await execute("curl", [
    "-sS",
    "-g",
    "-o",
    "/dev/null",
    "-w",
    "%{http_code}",
    ...options,
  ]);
  return Number(stdout);
}

/** Requests a stream at the unix socket and leaves it open. Returns the status of the response. */
async function streamStatus(headers: readonly string[] = []): Promise<number> {
  const client = createConnection({ path });
  onTestFinished(() => void client.destroy());
  client.write(["GET /esupdates HTTP/1.1", "Host: localhost", ...headers, "", ""].join("\r\n"));
  const [line] = await new Promise<string[]>((resolve, reject) => {
    client.once("data", (bytes) => resolve(bytes.toString().split("\r\n")));
    client.once("error", reject);
  });
  return Number(line?.split(" ")[1]);
}

/** A hub at the unix socket alone. */
function startAtSocket(options: HubOptions = {}): Promise<HubProcess> {
  return startHub({ ...options, http: `unix:${path}` });
}

describe.each([0, 1])("a hub with %i workers", (workers) => {
  const withWorkers = { env: { PHAROS_WORKERS: String(workers) } };

  it("listens on all its addresses, and says so aloud", async () => {
    const hub = await startHub({
      ...withWorkers,
      args: ["--http", `unix:${path}`, "--http", "*:0", "--unix-mode", "600"],
    });
    const urls = hub.ready.get("http") ?? [];
    expect(urls).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      `unix:${path}`,
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
    ]);
    expect(await Promise.all(urls.map(health))).toEqual([200, 200, 200]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const { port } = new URL(urls[2] ?? "");
    expect(hub.ready.get("all-interfaces")).toEqual([hasIPv6 ? `[::]:${port}` : `0.0.0.0:${port}`]);
    const [line] = await hub.waitForLog(/.*listening on all network interfaces.*/, { within });
    const outside = (JSON.parse(line) as { readonly urls: readonly string[] }).urls;
    expect(await Promise.all(outside.map(health))).toEqual(outside.map(() => 200));
    expect(await health(`http://${hasIPv6 ? "[::1]" : "127.0.0.1"}:${port}`)).toBe(200);
    await hub.stop();
    expect(existsSync(path)).toBe(false);
  });

  it("counts the clients behind a proxy at its unix socket by their own addresses", async () => {
    const limits = { connectionsPerAddress: 1, connectionsPerLocalAddress: 100 };
    await startAtSocket({ ...withWorkers, config: { limits }, args: ["--trusted-proxy", "unix"] });
    expect(await streamStatus(["X-Forwarded-For: 198.51.100.1"])).toBe(200);
    expect(await streamStatus(["X-Forwarded-For: 198.51.100.1"])).toBe(429);
    expect(await streamStatus(["X-Forwarded-For: 198.51.100.2"])).toBe(200);
  });

  it("counts all programs at its unix socket as one local client, whatever they claim", async () => {
    await startAtSocket({ ...withWorkers, config: { limits: { connectionsPerLocalAddress: 2 } } });
    expect(await streamStatus(["X-Forwarded-For: 198.51.100.1"])).toBe(200);
    expect(await streamStatus()).toBe(200);
    expect(await streamStatus(["X-Forwarded-For: 198.51.100.2"])).toBe(429);
  });

  it("lets nobody publish without a token over its unix socket, where proxies connect", async () => {
    const hub = await startAtSocket({ ...withWorkers, args: ["--open"] });
    const publish = ["-sS", "--unix-socket", path, "-d", "x", "http://localhost/publish/a"];
    const { stdout } = await execute("curl", [...publish, "-o", "/dev/null", "-w", "%{http_code}"]);
    expect(stdout).toBe("401");
    await hub.waitForLog(/the request came over a unix socket/, { within });
  });

  it.each([
    ["all sockets", ["--http", "systemd"], 2],
    ["the sockets with a name", ["--http", "systemd:web"], 1],
  ])("takes %s that systemd passes", async (_which, http, count) => {
    const port = await freePort();
    const names = ["--fdname", "web:local"];
    const hub = await spawnHub({
      ...withWorkers,
      http: http[1] ?? "",
      enter: [
        "systemd-socket-activate",
        "-l",
        `127.0.0.1:${port}`,
        "-l",
        path,
        ...names,
        "-E",
        "PHAROS_WORKERS",
      ],
    });
    const url = `http://127.0.0.1:${port}`;
    await hub.waitForLog(/Listening on .*http as 4/, { within });
    // The connection of this request starts the hub.
    const first = health(url).catch(String);
    await hub.waitForReady({ within: 180_000 });
    expect(await first).toBe(200);
    expect(hub.ready.get("http")).toEqual([url, "unix:fd:4"].slice(0, count));
    const all = [url, `unix:${path}`].slice(0, count);
    expect(await Promise.all(all.map(health))).toEqual(all.map(() => 200));
    expect((await hub.stop()).code).toBe(0);
  });
});

describe("a unix socket", () => {
  it("of a hub that was killed is replaced", async () => {
    const killed = await startAtSocket();
    await killed.kill();
    expect(existsSync(path)).toBe(true);
    await startAtSocket();
    expect(await health(`unix:${path}`)).toBe(200);
  });

  it("of a living hub is not replaced", async () => {
    await startAtSocket();
    const second = await spawnHub({ http: `unix:${path}` });
    expect((await second.waitForExit({ within })).code).toBe(1);
    expect(second.stderr).toContain(`cannot listen on unix:${path}: another program listens there`);
    expect(await health(`unix:${path}`)).toBe(200);
  });
});

it("a hub without the sockets of systemd says what is missing", async () => {
  const hub = await spawnHub({ http: "systemd" });
  expect((await hub.waitForExit({ within })).code).toBe(1);
  expect(hub.stderr).toContain("cannot listen on systemd: systemd has passed no sockets to this process");
});

it("a hub whose second address is in use leaves its first one", async () => {
  const other = await startHub();
  const hub = await spawnHub({ http: `unix:${path}`, args: ["--http", String(other.httpPort)] });
  expect((await hub.waitForExit({ within })).code).toBe(1);
  expect(hub.stderr).toMatch(new RegExp(`cannot listen on 127\\.0\\.0\\.1:${other.httpPort}: .*EADDRINUSE`));
  await waitFor(() => !existsSync(path), { within, missing: "the socket of a hub that has not started" });
});
