import { expect, test } from "vitest";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { PharosError } from "../../src/base/errors.js";
import { publicationsPerRecord } from "../../src/journal/log/record.js";
import { grouped, printFigures } from "../support/load/figures.js";
import { startNatsCluster, type NatsCluster } from "../support/nats-server.js";
import { startNatsNode, type NatsNode } from "../support/nats-node.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;
const bytes = 200;

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

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

/** What one node saw of its own publications. */
class Publishing {
  readonly #node: NatsNode;
  readonly #name: string;
  readonly acknowledged: string[] = [];
  unknown = 0;
  refused = 0;
  /** The longest time between two acknowledgements, in milliseconds. */
  pauseMs = 0;
  #count = 0;
  #isOver = false;
  #ended: Promise<void>;

  constructor(node: NatsNode, name: string) {
    this.#node = node;
    this.#name = name;
    this.#ended = this.#run();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    let lastMs = performance.now();
    const open = new Set<Promise<void>>();
    while (!this.#isOver) {
      const data = `${this.#name} ${this.#count}`;
      this.#count += 1;
      const one = this.#publish(data, () => {
        this.pauseMs = Math.max(this.pauseMs, performance.now() - lastMs);
        lastMs = performance.now();
      });
      open.add(one);
      void one.finally(() => open.delete(one));
      await sleep(2);
    }
    await Promise.all(open);
  }

  async #publish(data: string, acknowledged: () => void): Promise<void> {
    try {
      await this.#node.publish(data);
      this.acknowledged.push(data);
      acknowledged();
    } catch (error) {
      if (!(error instanceof PharosError)) throw error;
      if (error.message.includes("nothing was published")) this.refused += 1;
      else this.unknown += 1;
    }
  }
}

interface Fault {
  readonly name: string;
  /** The longest pause of all publishers, in milliseconds. */
  readonly pauseMs: number;
  readonly strike: (cluster: NatsCluster) => Promise<void>;
}

const stream = "faults";

/** The number of the server that hosts the consumer of a node which does not lead the stream, if there is one. */
async function consumerHost(cluster: NatsCluster): Promise<number | undefined> {
  const connection = await connect({ servers: [...cluster.addresses] });
  try {
    const manager = await jetstreamManager(connection);
    const leader = await cluster.leaderOf(stream);
    for await (const info of manager.consumers.list(stream)) {
      const host = Number(info.cluster?.leader?.slice(1));
      if (host !== leader) return host;
    }
    return undefined;
  } finally {
    await connection.close();
  }
}

const faults: readonly Fault[] = [
  {
    name: "the leader of the stream is killed",
    pauseMs: 12_000,
    strike: async (cluster) => {
      const leader = await cluster.leaderOf(stream);
      await cluster.servers[leader]?.kill();
      await sleep(15_000);
      await cluster.servers[leader]?.start();
    },
  },
  {
    name: "the server of a consumer is killed",
    pauseMs: 12_000,
    strike: async (cluster) => {
      const host = await consumerHost(cluster);
      const index = host ?? ((await cluster.leaderOf(stream)) + 1) % 3;
      await cluster.servers[index]?.kill();
      await sleep(15_000);
      await cluster.servers[index]?.start();
    },
  },
  {
    name: "all servers are killed for 10 s",
    pauseMs: 40_000,
    strike: async (cluster) => {
      await Promise.all(cluster.servers.map((server) => server.kill()));
      await sleep(10_000);
      await Promise.all(cluster.servers.map((server) => server.start()));
    },
  },
  {
    name: "a node is cut off for 30 s",
    pauseMs: 45_000,
    strike: async (cluster) => {
      for (const proxy of cluster.proxies) proxy.darken();
      await sleep(30_000);
      for (const proxy of cluster.proxies) proxy.forget();
    },
  },
  {
    name: "each server is restarted, one after the other",
    pauseMs: 12_000,
    strike: async (cluster) => {
      for (const server of cluster.servers) {
        await server.stop();
        await server.start();
        await server.listening();
        await sleep(12_000);
      }
    },
  },
];

test.each(faults)(
  "two nodes on three replicas lose and repeat nothing: $name",
  async ({ name, pauseMs, strike }) => {
    const cluster = await startNatsCluster();
    const direct = cluster.servers.map(({ address }) => address);
    // Only the first node connects through the proxies. The servers tell the addresses of the proxies, too.
    const a = await startNatsNode({ servers: cluster.addresses, name: stream });
    const b = await startNatsNode({ servers: direct, name: stream });
    const publishing = [new Publishing(a, "a"), new Publishing(b, "b")];
    await sleep(2000);
    await strike(cluster);
    await waitFor(() => a.log.state === "up" && b.log.state === "up", {
      within,
      missing: "a log that is up",
    });
    await sleep(3000);
    await Promise.all(publishing.map((one) => one.end()));
    const acknowledged = publishing.flatMap((one) => one.acknowledged);
    await waitFor(() => a.data.length === b.data.length && a.data.at(-1) === b.data.at(-1), {
      within,
      missing: () => `no one order: ${a.data.length} and ${b.data.length} entries`,
    });
    const seen = new Set(a.data);
    const missing = acknowledged.filter((data) => !seen.has(data));
    printFigures(`NATS, two nodes, three replicas: ${name}`, [
      `acknowledged ${grouped(acknowledged.length)}, missing ${missing.length}, repeated ${a.data.length - seen.size}`,
      `refused ${publishing.map((one) => one.refused).join(" + ")}, outcome unknown ${publishing.map((one) => one.unknown).join(" + ")}`,
      `longest pause of a publisher ${publishing.map((one) => `${(one.pauseMs / 1000).toFixed(1)} s`).join(", ")}`,
    ]);
    expect(missing).toEqual([]);
    expect(a.data.length).toBe(seen.size);
    expect(b.data).toEqual(a.data);
    expect(Math.max(...publishing.map((one) => one.pauseMs))).toBeLessThan(pauseMs);
  },
);

test("a connection whose packets are dropped is not up within 5 s, and heals", async () => {
  const cluster = await startNatsCluster();
  const node = await startNatsNode({ servers: cluster.addresses, name: "dark" });
  await node.publish("before");
  for (const proxy of cluster.proxies) proxy.darken();
  const darkMs = performance.now();
  await waitFor(() => node.log.state !== "up", { within, missing: "a log that is not up" });
  const noticedMs = performance.now() - darkMs;
  for (const proxy of cluster.proxies) proxy.forget();
  const lightMs = performance.now();
  const isAgain = () =>
    node.publish("after").then(
      () => true,
      () => false,
    );
  await waitFor(isAgain, { within, everyMs: 50, missing: "an acknowledgement" });
  const healedMs = performance.now() - lightMs;
  printFigures("NATS: packets are dropped, the connection stays open", [
    `not up after ${(noticedMs / 1000).toFixed(1)} s, up ${(healedMs / 1000).toFixed(1)} s after the network is there again`,
  ]);
  expect(noticedMs).toBeLessThan(5000);
});
