import { connect } from "@nats-io/transport-node";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import { expect, test } from "vitest";
import { PharosError } from "../../src/base/errors.js";
import { grouped, printFigures } from "../support/load/figures.js";
import { startNatsCluster, type NatsCluster } from "../support/nats-server.js";
import { startNatsNode, type NatsNode } from "../support/nats-node.js";
import { atTestEnd } from "../support/on-end.js";
import { Timeline } from "../support/timeline.js";
import { waitFor } from "../support/wait-for.js";

const within = 60_000;

/** How often each fault is repeated: `PHAROS_NATS_REPEATS`. */
const repeats = Number(process.env["PHAROS_NATS_REPEATS"] ?? 1);

const stream = "faults";

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The longest time between two events, in milliseconds. */
class Pauses {
  #lastMs = performance.now();
  #longestMs = 0;
  #sinceMs = Number.NEGATIVE_INFINITY;

  /** Counts pauses only from this moment. */
  restart(): void {
    this.#sinceMs = performance.now();
    this.#longestMs = 0;
  }

  saw(): void {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - Math.max(this.#lastMs, this.#sinceMs));
    this.#lastMs = nowMs;
  }

  get longestMs(): number {
    return this.#longestMs;
  }
}

/** Publishes 500 times a second at one node, and counts what the node acknowledges and delivers. */
class Publishing {
  readonly #node: NatsNode;
  readonly #name: string;
  readonly acknowledged: string[] = [];
  unknown = 0;
  refused = 0;
  readonly acknowledgements = new Pauses();
  readonly deliveries = new Pauses();
  #count = 0;
  #isOver = false;
  #ended: Promise<void>;

  constructor(node: NatsNode, name: string) {
    this.#node = node;
    this.#name = name;
    node.journal.follow({ apply: () => this.deliveries.saw() });
    this.#ended = this.#run();
  }

  /** Counts pauses from this moment. */
  restart(): void {
    this.acknowledgements.restart();
    this.deliveries.restart();
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    const open = new Set<Promise<void>>();
    while (!this.#isOver) {
      const data = `${this.#name} ${this.#count}`;
      this.#count += 1;
      const one = this.#publish(data);
      open.add(one);
      void one.finally(() => open.delete(one));
      await sleep(2);
    }
    await Promise.all(open);
  }

  async #publish(data: string): Promise<void> {
    try {
      await this.#node.publish(data);
      this.acknowledged.push(data);
      this.acknowledgements.saw();
    } catch (error) {
      if (!(error instanceof PharosError)) throw error;
      if (error.message.includes("nothing was published")) this.refused += 1;
      else this.unknown += 1;
    }
  }
}

/** An operator's view of the engine, which notes each change of the stream's leader. */
class EngineWatch {
  readonly manager: JetStreamManager;
  #leader = "";
  #isOver = false;

  private constructor(manager: JetStreamManager) {
    this.manager = manager;
  }

  static async start(cluster: NatsCluster, timeline: Timeline): Promise<EngineWatch> {
    const servers = cluster.servers.map(({ address }) => address);
    const connection = await connect({
      servers,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 50,
      reconnectJitter: 0,
      timeout: 1000,
    });
    const manager = await jetstreamManager(connection, { checkAPI: false, timeout: 300 });
    const watch = new EngineWatch(manager);
    void watch.#run(timeline);
    atTestEnd(async () => {
      watch.#isOver = true;
      await connection.close();
    });
    return watch;
  }

  async #run(timeline: Timeline): Promise<void> {
    while (!this.#isOver) {
      const info = await this.manager.streams.info(stream).catch(() => undefined);
      const leader = info?.cluster?.leader ?? "none";
      if (leader !== this.#leader) timeline.note(`engine: the leader of the stream is ${leader}`);
      this.#leader = leader;
      await sleep(50);
    }
  }
}

interface Strike {
  readonly cluster: NatsCluster;
  readonly watch: EngineWatch;
  readonly timeline: Timeline;
  /** Counts pauses from now: what failed is there again. */
  readonly back: () => void;
}

interface Fault {
  readonly name: string;
  /** The longest pause, in milliseconds. */
  readonly pauseMs: number;
  readonly strike: (strike: Strike) => Promise<void>;
}

async function killFor(seconds: number, index: number, { cluster, timeline }: Strike): Promise<void> {
  timeline.note(`server s${index} is killed`);
  await cluster.servers[index]?.kill();
  await sleep(seconds * 1000);
  timeline.note(`server s${index} is started`);
  await cluster.servers[index]?.start();
}

const faults: readonly Fault[] = [
  {
    name: "the leader of the stream is killed",
    pauseMs: 10_000,
    strike: async (strike) => killFor(15, await strike.cluster.leaderOf(stream), strike),
  },
  {
    name: "each server that does not lead the stream is killed",
    pauseMs: 3000,
    strike: async (strike) => {
      const leader = await strike.cluster.leaderOf(stream);
      for (const index of [0, 1, 2].filter((other) => other !== leader)) {
        await killFor(15, index, strike);
        await sleep(12_000);
      }
    },
  },
  {
    name: "all servers are killed for 10 s",
    pauseMs: 10_000,
    strike: async ({ cluster, timeline, back }) => {
      await Promise.all(cluster.servers.map((server) => server.kill()));
      timeline.note("all servers are killed");
      await sleep(10_000);
      await Promise.all(cluster.servers.map((server) => server.start()));
      timeline.note("all servers are started");
      back();
    },
  },
  {
    name: "a node is cut off for 30 s",
    pauseMs: 10_000,
    strike: async ({ cluster, timeline, back }) => {
      for (const proxy of cluster.proxies) proxy.darken();
      timeline.note("node a is cut off");
      await sleep(30_000);
      for (const proxy of cluster.proxies) proxy.forget();
      timeline.note("node a is connected again");
      back();
    },
  },
  {
    name: "each server is restarted, one after the other",
    pauseMs: 10_000,
    strike: async ({ cluster, timeline }) => {
      for (const [index, server] of cluster.servers.entries()) {
        timeline.note(`server s${index} is restarted`);
        await server.stop();
        await server.start();
        await server.listening();
        await sleep(12_000);
      }
    },
  },
];

const cases = faults.flatMap((fault) =>
  Array.from({ length: repeats }, (_, index) => ({ ...fault, repeat: index + 1 })),
);

test.each(cases)(
  "two nodes on three replicas lose and repeat nothing: $name, repeat $repeat",
  async ({ name, pauseMs, strike }) => {
    const timeline = new Timeline();
    const cluster = await startNatsCluster();
    const direct = cluster.servers.map(({ address }) => address);
    // Only the first node connects through the proxies. The servers tell the addresses of the proxies, too.
    const servers = { a: cluster.addresses, b: direct };
    const nodes: NatsNode[] = [];
    for (const node of ["a", "b"] as const)
      nodes.push(
        await startNatsNode({ servers: servers[node], name: stream, logger: timeline.logger(node) }),
      );
    const watch = await EngineWatch.start(cluster, timeline);
    const publishing = nodes.map((node, index) => new Publishing(node, "ab".charAt(index)));
    const back = (): void => publishing.forEach((one) => one.restart());
    await sleep(2000);
    timeline.restart();
    back();
    await strike({ cluster, watch, timeline, back });
    await waitFor(() => nodes.every(({ log }) => log.state === "up"), {
      within,
      missing: "a log that is up",
    });
    await sleep(3000);
    await Promise.all(publishing.map((one) => one.end()));
    const acknowledged = publishing.flatMap((one) => one.acknowledged);
    const isOneOrder = (): boolean =>
      nodes.every(
        ({ data }) => data.length === nodes[0]?.data.length && data.at(-1) === nodes[0]?.data.at(-1),
      );
    await waitFor(isOneOrder, { within, missing: "one order of both nodes" });
    const [data = [], other = []] = nodes.map((node) => node.data);
    const seen = new Set(data);
    const missing = acknowledged.filter((text) => !seen.has(text));
    const pausesOf = (kind: "acknowledgements" | "deliveries"): readonly number[] =>
      publishing.map((one) => one[kind].longestMs);
    const shown = (pauses: readonly number[]): string =>
      pauses.map((ms) => `${(ms / 1000).toFixed(2)} s`).join(", ");
    printFigures(`NATS, two nodes, three replicas: ${name}`, [
      `acknowledged ${grouped(acknowledged.length)}, missing ${missing.length}, repeated ${data.length - seen.size}`,
      `refused ${publishing.map((one) => one.refused).join(" + ")}, outcome unknown ${publishing.map((one) => one.unknown).join(" + ")}`,
      `longest pause of deliveries ${shown(pausesOf("deliveries"))}, of acknowledgements ${shown(pausesOf("acknowledgements"))}`,
      ...timeline.lines,
    ]);
    expect(missing).toEqual([]);
    expect(data.length).toBe(seen.size);
    expect(other).toEqual(data);
    expect(Math.max(...pausesOf("deliveries"), ...pausesOf("acknowledgements"))).toBeLessThan(pauseMs);
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
