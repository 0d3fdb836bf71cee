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
  const lines = metrics.matchAll(/^pharos_event_loop_delay_seconds\{quantile="(.*)"\} (.*)$/gm);
  return new Map([...lines].map(([, share = "", seconds]) => [share, Math.round(1000 * Number(seconds))]));
}

describe.each([0, 2])("with %i workers, twenty clients that send as fast as they can", (workers) => {
  test.each(floods)("$name leave others their answers", async ({ name, first, more }: Flood) => {
    const args = ["--open", "--workers", String(workers), "--public-url", "https://hub.example/"];
    const hub = await startHub({ args, admin: "127.0.0.1:0" });
    const workerData = { port: hub.httpPort, clients, first: first ?? Buffer.alloc(0), more };
    const worker = new Worker(new URL("../support/flooder.mjs", import.meta.url), { workerData });
    onTestFinished(async () => void (await worker.terminate()));
    const times = await probe(hub.httpPort);
    const delaysMs = await loopDelaysMs(hub.ready.get("admin")?.[0] ?? "");
    printFigures(`${workers} workers, a flood of ${name}`, [
      `${times.length} requests of another client: median ${quantile(times, 0.5)} ms, p99 ${quantile(times, 0.99)} ms, longest ${quantile(times, 1)} ms`,
      `delay of the hub's event loop: ${[...delaysMs].map(([share, ms]) => `${share}: ${ms} ms`).join(", ")}`,
    ]);
    expect(quantile(times, 0.5)).toBeLessThan(250);
    expect(delaysMs.get("0.5")).toBeLessThan(50);
  });
});
