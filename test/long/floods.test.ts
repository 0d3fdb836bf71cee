import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tmpdir } from "node:os";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { requestBytes } from "../contract/http-text.js";
import { startHub } from "../support/hub-process.js";
import { printFigures } from "../support/load/figures.js";
import { floods } from "../support/load/floods.js";
import type { Flood } from "../support/load/floods.js";
import { exchangeRaw } from "../support/raw-http.js";

const within = 60_000;
const floodMs = 12_000;
/** The first requests of each kind run code that V8 has not compiled yet, for up to 70 ms. This happens once in a process. */
const warmUpMs = 2000;
const clients = 20;

/** The quantile of sorted values, rounded. */
function quantile(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.floor(share * (sorted.length - 1))] ?? 0);
}

/** The times of requests by one other client, in milliseconds, from the connection to the whole response. */
async function probe(port: number): Promise<readonly number[]> {
  const times: number[] = [];
  const bytes = requestBytes({ path: "/healthz", headers: { Connection: "close" } });
  for (const end = performance.now() + floodMs; performance.now() < end;) {
    const start = performance.now();
    expect(await exchangeRaw({ port }, { bytes, within })).toContain('"status":"ok"');
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b);
}

/** The delays of the hub's event loop in some ten seconds of the flood, in milliseconds, by their quantile. */
async function loopDelaysMs(admin: string): Promise<ReadonlyMap<string, number>> {
  const metrics = await (await fetch(new URL("/metrics", admin))).text();
  const lines = metrics.matchAll(/^pharos_event_loop_delay_seconds\{process="hub",quantile="(.*)"\} (.*)$/gm);
  return new Map([...lines].map(([, share = "", seconds]) => [share, Math.round(1000 * Number(seconds))]));
}

/** The CPU time of the longest turn of each process of the hub, in milliseconds. */
async function longestTurnsMs(folder: string): Promise<readonly number[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(files.map((name) => readFile(join(folder, name), "utf8")));
  return texts.map((text) => {
    const { longestMs } = JSON.parse(text) as { readonly longestMs: number };
    return Math.round(longestMs);
  });
}

const meter = new URL("../support/turn-meter.mjs", import.meta.url).href;

describe.each([0, 2])("with %i workers, twenty clients that send as fast as they can", (workers) => {
  test.each(floods)("$name leave others their answers", async ({ name, first, more }: Flood) => {
    const folder = await mkdtemp(join(tmpdir(), "pharos-turns-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const args = ["--open", "--workers", String(workers), "--public-url", "https://hub.example/"];
    // A worker process gets the options of Node from the environment.
    const env = { PHAROS_TEST_TURNS: folder, NODE_OPTIONS: `--import=${meter}` };
    const hub = await startHub({ args, env, admin: "127.0.0.1:0" });
    const workerData = { port: hub.httpPort, clients, first: first ?? Buffer.alloc(0), more };
    const worker = new Worker(new URL("../support/flooder.mjs", import.meta.url), { workerData });
    onTestFinished(async () => void (await worker.terminate()));
    await new Promise((resolve) => setTimeout(resolve, warmUpMs));
    await writeFile(join(folder, "start"), "");
    const times = await probe(hub.httpPort);
    const delaysMs = await loopDelaysMs(hub.ready.get("admin")?.[0] ?? "");
    const turnsMs = await longestTurnsMs(folder);
    printFigures(`${workers} workers, a flood of ${name}`, [
      `${times.length} requests of another client: median ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms, longest ${quantile(times, 1)} ms`,
      `CPU time of the longest turn: ${turnsMs.join(", ")} ms`,
      `delay of the hub's event loop: ${[...delaysMs].map(([share, ms]) => `${share}: ${ms} ms`).join(", ")}`,
    ]);
    expect(turnsMs).toHaveLength(1 + workers);
    expect(Math.max(...turnsMs)).toBeLessThan(50);
    expect(quantile(times, 0.5)).toBeLessThan(250);
  });
});
