import { expect, test } from "vitest";
import { publicationsPerRecord } from "../../src/journal/log/record.js";
import { grouped, printFigures } from "../support/load/figures.js";
import { startNatsCluster } from "../support/nats-server.js";
import { startNatsNode, type NatsNode } from "../support/nats-node.js";

const bytes = 200;

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** Publishes at a rate, all that is due in one turn, and waits for all acknowledgements. */
async function load(node: NatsNode, options: { readonly perSecond: number; readonly seconds: number }) {
  const total = options.perSecond * options.seconds;
  const tookMs: number[] = [];
  const publishing: Promise<void>[] = [];
  const startMs = performance.now();
  for (let sent = 0; sent < total;) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * options.perSecond));
    // One turn adds what a record takes, and no more than the journal has room for.
    for (const end = Math.min(due, sent + publicationsPerRecord); sent < end; sent += 1)
      publishing.push(timed(node, String(sent).padEnd(bytes, "."), tookMs));
    await node.journal.room();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(publishing);
  const seconds = (performance.now() - startMs) / 1000;
  return { perSecond: total / seconds, p50Ms: percentile(tookMs, 0.5), p99Ms: percentile(tookMs, 0.99) };
}

async function timed(node: NatsNode, data: string, tookMs: number[]): Promise<void> {
  const startMs = performance.now();
  await node.publish(data);
  tookMs.push(performance.now() - startMs);
}

test.each([
  { perSecond: 1000, seconds: 10, p50Ms: 5 },
  { perSecond: 50_000, seconds: 10, p50Ms: 1000 },
])("three replicas acknowledge $perSecond publications/s", async ({ perSecond, seconds, p50Ms }) => {
  const cluster = await startNatsCluster();
  const node = await startNatsNode({ servers: cluster.addresses, name: "load" });
  await load(node, { perSecond: 1000, seconds: 2 });
  const figures = await load(node, { perSecond, seconds });
  printFigures(
    `a journal on three replicas of NATS, ${grouped(perSecond)} publications/s of ${bytes} bytes`,
    [
      `${grouped(figures.perSecond)}/s acknowledged, p50 ${figures.p50Ms.toFixed(2)} ms, p99 ${figures.p99Ms.toFixed(2)} ms`,
    ],
  );
  expect(figures.p50Ms).toBeLessThan(p50Ms);
  expect(figures.perSecond).toBeGreaterThan(perSecond * 0.98);
});
