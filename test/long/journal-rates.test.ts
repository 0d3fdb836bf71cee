import { mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Push } from "zeromq";
import { metric } from "../support/hub-metric.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { grouped, median, printFigures } from "../support/load/figures.js";
import { atRate, HttpPublishers, requestOfLines, requestOfOne } from "../support/load/http-publishers.js";
import { startNatsCluster } from "../support/nats-server.js";
import type { OnEnd } from "../support/on-end.js";

const bytes = 200;

/** How often each journal is measured, in turn: `PHAROS_RATES_TURNS`. */
const turns = Number(process.env["PHAROS_RATES_TURNS"] ?? 3);

/** How long each rate is measured, in milliseconds. */
const measureMs = 5000;

const journals = ["memory", "disk", "nats"] as const;
type JournalKind = (typeof journals)[number];

/** A folder on the machine's disk, removed at the end. */
async function scratchFolder(onEnd: OnEnd): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "pharos-rates-"));
  onEnd(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

/** Runs a measurement with a hub of its own, and ends all that it started. */
async function withHub<T>(kind: JournalKind, measure: (hub: HubProcess) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = [];
  const onEnd: OnEnd = (end) => void ends.push(end);
  try {
    const hub = await startHub({
      onEnd,
      admin: "127.0.0.1:0",
      args: ["--open=on", "--journal", await placeOf(kind, onEnd)],
    });
    return await measure(hub);
  } finally {
    for (const end of ends.toReversed()) await end();
  }
}

async function placeOf(kind: JournalKind, onEnd: OnEnd): Promise<string> {
  if (kind === "memory") return "memory";
  if (kind === "disk") return `disk:${join(await scratchFolder(onEnd), "journal")}`;
  const { servers } = await startNatsCluster({ onEnd });
  return `nats://${servers.map(({ address }) => address).join(",")}/rates`;
}

/** The CPU time that a hub and this process use for publications, from now until the returned function is called. */
function usageOf(hub: HubProcess): (publications: number) => string {
  const startMs = performance.now();
  const hubSeconds = hub.cpuSeconds();
  const own = process.cpuUsage();
  return (publications) => {
    const seconds = (performance.now() - startMs) / 1000;
    const { user, system } = process.cpuUsage(own);
    const ofHub = hub.cpuSeconds() - hubSeconds;
    const ofPublisher = (user + system) / 1e6;
    const each = ((ofHub / publications) * 1e6).toFixed(1);
    return `${(ofHub / seconds).toFixed(2)} cores, ${each} µs for each publication; publisher ${(ofPublisher / seconds).toFixed(2)} cores`;
  };
}

interface Rate {
  readonly perSecond: number;
  readonly usage: string;
}

/** Publications per second that the hub acknowledges over HTTP, 1,000 in each request. */
async function httpRate(hub: HubProcess): Promise<Rate> {
  const publishers = await HttpPublishers.connect(hub.httpPort, 4);
  try {
    const request = requestOfLines({ lines: 1000, bytes, topics: 100 });
    await publishers.saturate(request, { open: 2, ms: 1000 });
    const before = publishers.acknowledged;
    const usage = usageOf(hub);
    const startMs = performance.now();
    await publishers.saturate(request, { open: 2, ms: measureMs });
    expect(publishers.refused).toBe(0);
    const seconds = (performance.now() - startMs) / 1000;
    const acknowledged = publishers.acknowledged - before;
    return { perSecond: acknowledged / seconds, usage: usage(acknowledged) };
  } finally {
    publishers.close();
  }
}

/** Publishes over ZeroMQ until it is stopped. */
class ZeromqPublisher {
  readonly #socket = new Push({ sendHighWaterMark: 1000, sendTimeout: 0, linger: 0 });
  #isOver = false;
  readonly #ended: Promise<void>;

  constructor(endpoint: string) {
    this.#socket.connect(endpoint);
    this.#ended = this.#run();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
    this.#socket.close();
  }

  async #run(): Promise<void> {
    const data = "x".repeat(bytes);
    for (let sent = 1; !this.#isOver; sent += 1) {
      const message = [`load/${sent % 100}`, data];
      // To await each message makes the publisher several times slower. Without a time-out, a writable socket queues
      // the message before `send` returns.
      if (this.#socket.writable) this.#socket.send(message).catch(() => undefined);
      else await this.#sendWaiting(message);
      if (sent % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #sendWaiting(message: string[]): Promise<void> {
    this.#socket.sendTimeout = -1;
    await this.#socket.send(message);
    this.#socket.sendTimeout = 0;
  }
}

/** Publications per second that the hub stores from ZeroMQ. */
async function zeromqRate(hub: HubProcess): Promise<Rate> {
  const publisher = new ZeromqPublisher(hub.ingest);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const before = await metric(hub, "pharos_publications_total");
  const usage = usageOf(hub);
  const startMs = performance.now();
  await new Promise((resolve) => setTimeout(resolve, measureMs));
  const stored = (await metric(hub, "pharos_publications_total")) - before;
  const seconds = (performance.now() - startMs) / 1000;
  const used = usage(stored);
  await publisher.stop();
  return { perSecond: stored / seconds, usage: used };
}

/**
 * The median times until the hub acknowledges one of 1,000 publications a second, in milliseconds: of the first five
 * seconds, and of the ten after them. V8 compiles the hot code of a hub in the first ten seconds.
 */
async function acknowledgedMs(hub: HubProcess): Promise<readonly number[]> {
  const publishers = await HttpPublishers.connect(hub.httpPort, 32);
  try {
    const request = requestOfOne(bytes);
    await publishers.pace(request, { perSecond: 1000, ms: 1000 });
    const medians: number[] = [];
    for (const ms of [measureMs, 2 * measureMs]) {
      publishers.tookMs = [];
      await publishers.pace(request, { perSecond: 1000, ms });
      medians.push(median(publishers.tookMs));
    }
    expect(publishers.refused).toBe(0);
    return medians;
  } finally {
    publishers.close();
  }
}

/** The median time of a bare write and fdatasync of what is due, 1,000 times a second, in milliseconds. */
async function bareMs(): Promise<number> {
  const ends: (() => unknown)[] = [];
  const dir = await scratchFolder((end) => void ends.push(end));
  const file = await open(join(dir, "bare"), "w");
  const tookMs: number[] = [];
  let due: number[] = [];
  let syncing = Promise.resolve();
  let isSyncing = false;
  const syncAll = async (): Promise<void> => {
    isSyncing = true;
    while (due.length > 0) {
      const batch = due;
      due = [];
      await file.write(Buffer.alloc(batch.length * bytes, "x"));
      await file.datasync();
      for (const dueMs of batch) tookMs.push(performance.now() - dueMs);
    }
    isSyncing = false;
  };
  await atRate({ perSecond: 1000, ms: measureMs }, () => {
    due.push(performance.now());
    if (!isSyncing) syncing = syncAll();
  });
  await syncing;
  await file.close();
  for (const end of ends) await end();
  return median(tookMs);
}

test.each([
  { by: "HTTP, 1,000 in a request", rateOf: httpRate },
  { by: "ZeroMQ", rateOf: zeromqRate },
])("each journal stores 50,000 publications/s by $by", async ({ by, rateOf }) => {
  const rates = new Map<JournalKind, number[]>(journals.map((kind) => [kind, []]));
  const lines: string[] = [];
  for (let turn = 0; turn < turns; turn += 1)
    for (const kind of journals) {
      const { perSecond, usage } = await withHub(kind, rateOf);
      rates.get(kind)?.push(perSecond);
      lines.push(`${kind.padEnd(6)} ${grouped(perSecond)}/s, hub ${usage}`);
    }
  const medians = journals.map((kind) => median(rates.get(kind) ?? []));
  const memory = medians[0] ?? NaN;
  for (const [index, kind] of journals.entries())
    lines.push(
      `median ${kind.padEnd(6)} ${grouped(medians[index] ?? NaN)}/s, ${((medians[index] ?? NaN) / memory).toFixed(2)} of memory`,
    );
  printFigures(`publications/s of ${bytes} bytes by ${by}`, lines);
  for (const perSecond of medians) expect(perSecond).toBeGreaterThan(50_000);
});

test("at 1,000 publications/s, the acknowledgement takes little longer than a bare write", async () => {
  const tookMs = { bare: [] as number[], memory: [] as number[], disk: [] as number[], nats: [] as number[] };
  const laterMs = { memory: [] as number[], disk: [] as number[], nats: [] as number[] };
  for (let turn = 0; turn < turns; turn += 1) {
    tookMs.bare.push(await bareMs());
    for (const kind of journals) {
      const [first = NaN, later = NaN] = await withHub(kind, acknowledgedMs);
      tookMs[kind].push(first);
      laterMs[kind].push(later);
    }
  }
  const shown = (all: readonly number[]): string => all.map((ms) => ms.toFixed(2)).join(", ");
  printFigures(
    `median time of the acknowledgement over HTTP at 1,000 publications/s of ${bytes} bytes`,
    [
      ...Object.entries(tookMs),
      ...Object.entries(laterMs).map(([kind, all]) => [`${kind}, later`, all] as const),
    ].map(([kind, all]) => `${kind.padEnd(13)} ${shown(all)} ms, median ${median(all).toFixed(2)} ms`),
  );
  expect(median(tookMs.disk)).toBeLessThan(2 * median(tookMs.bare) + 1);
  expect(median(tookMs.nats)).toBeLessThan(5);
});
