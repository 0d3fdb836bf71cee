import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { mercurePath } from "../../src/protocol.js";
import { startChromium } from "../support/chromium.js";
import { startHub } from "../support/hub-process.js";
import { startNginx } from "../support/nginx.js";
import { clientCommands, compileClients } from "../support/stock-clients.js";
import { startTcpProxy } from "../support/tcp-proxy.js";
import { waitFor } from "../support/wait-for.js";

// Unmodified clients of others follow a stream, each parsing every message as JSON. The connections are cut once.

const source = new URL("stock-clients/", import.meta.url).pathname;
const count = 20;
const intervalMs = 1000;
const cutAfter = 10;
/** Events that are published while clients reconnect may be late. */
const reconnecting = 4;
const mostLateMs = 500;
const within = 60_000;

interface Event {
  readonly n?: number;
  readonly sentMs?: number;
  readonly error?: string;
  readonly type: string;
  readonly atMs: number;
}

let folder = "";
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "pharos-stock-clients-"));
  for (const name of readdirSync(source)) copyFileSync(join(source, name), join(folder, name));
  const options = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"];
  await promisify(execFile)("npm", ["ci", ...options], { cwd: folder });
  await build({
    entryPoints: [join(folder, "browser-clients.js")],
    outfile: join(folder, "page.js"),
    bundle: true,
    format: "iife",
    logLevel: "error",
  });
  await compileClients(folder);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Starts a client. Returns its events so far. */
function start([command = "", ...parameters]: readonly string[], certificate: string): readonly Event[] {
  const events: Event[] = [];
  const child = spawn("setpriv", ["--pdeathsig", "KILL", command, ...parameters], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...(certificate === "" ? {} : { NODE_EXTRA_CA_CERTS: certificate }) },
    detached: true,
  });
  createInterface({ input: child.stdout }).on("line", (line) => events.push(JSON.parse(line) as Event));
  onTestFinished(async () => {
    // Ends the children of the client, too.
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  return events;
}

async function startPage(
  origin: string,
  url: string,
): Promise<() => Promise<Readonly<Record<string, readonly Event[]>>>> {
  const page = await (await startChromium({ ignoreHttpsErrors: true })).openPage(`${origin}/healthz`);
  await page.addScriptTag({ path: join(folder, "page.js") });
  await page.evaluate(
    (address) => (globalThis as unknown as { follow(url: string): void }).follow(address),
    url,
  );
  return () => page.evaluate(() => (globalThis as unknown as { got: Record<string, Event[]> }).got);
}

async function streamsOf(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`);
  return ((await answer.json()) as { streams: number }).streams;
}

/** The faults of a client: other events than 1 to 20, and late ones. */
function faultsOf(events: readonly Event[]): readonly string[] {
  const got = events.map(({ n, type, error }) => error ?? (type === "message" ? String(n) : type));
  const wanted = Array.from({ length: count }, (_, index) => String(index + 1));
  const late = events.filter(({ n = 0, sentMs = 0, atMs }) => {
    const mayBeLate = n > cutAfter && n <= cutAfter + reconnecting;
    return !mayBeLate && atMs - sentMs > mostLateMs;
  });
  return [
    ...(got.join() === wanted.join() ? [] : [`got ${got.join(" ")}`]),
    ...late.map(({ n, sentMs = 0, atMs }) => `event ${n} came after ${Math.round(atMs - sentMs)} ms`),
  ];
}

it.each([
  ["/esupdates?topic=stock", "direct"],
  ["/esupdates?topic=stock", "nginx"],
  [`${mercurePath}?topic=stock`, "direct"],
  [`${mercurePath}?topic=stock`, "nginx"],
] as const)("stock clients get every event of %s in time, %s", async (path, by) => {
  const hub = await startHub({ args: ["--open", "--retry", "300", "--heartbeat", "3"] });
  const nginx = by === "nginx" ? await startNginx({ upstream: `127.0.0.1:${hub.httpPort}` }) : undefined;
  const certificate = nginx === undefined ? "" : join(folder, "certificate.pem");
  if (nginx !== undefined) writeFileSync(certificate, nginx.certificate);
  const proxy = await startTcpProxy({ target: nginx?.port ?? hub.httpPort });
  const origin = `${nginx === undefined ? "http" : "https"}://localhost:${proxy.port}`;
  const clients = new Map<string, readonly Event[]>();
  for (const [name, command] of clientCommands({ folder, url: origin + path, certificate }))
    clients.set(name, start(command, certificate));
  const inPage = await startPage(origin, origin + path);
  const total = clients.size + Object.keys(await inPage()).length;
  let streams = 0;
  await waitFor(async () => (streams = await streamsOf(hub.httpPort)) >= total, {
    within,
    missing: () => `${streams} of ${total} clients have a stream`,
  });
  // The first event after the start of so many programs would measure their start.
  await new Promise((resolve) => setTimeout(resolve, 2 * intervalMs));
  for (let n = 1; n <= count; n += 1) {
    const begin = Date.now();
    const body = JSON.stringify({ n, sentMs: begin });
    const answer = await fetch(`http://127.0.0.1:${hub.httpPort}/publish/stock`, { method: "POST", body });
    expect(answer.status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, begin + intervalMs - Date.now()));
    if (n === cutAfter) while (proxy.cut());
  }
  await waitFor(
    async () => {
      for (const [name, events] of Object.entries(await inPage())) clients.set(name, events);
      return [...clients.values()].every((events) => events.some(({ n }) => n === count));
    },
    { within: 15_000, missing: "some clients lack the last event" },
  ).catch(() => undefined);
  const faults = [...clients].map(([name, events]) => [name, faultsOf(events)] as const);
  expect(Object.fromEntries(faults)).toEqual(Object.fromEntries(faults.map(([name]) => [name, []])));
});
