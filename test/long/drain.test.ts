import { expect, test } from "vitest";
import { newStreamName } from "../journal/nats/nats-site.js";
import { startHaproxy, type Haproxy } from "../support/haproxy-of-two-hubs.js";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { startLoadClients, type LoadGroup } from "../support/load/client.js";
import { groupLines, printFigures } from "../support/load/figures.js";
import { startNatsServer } from "../support/nats-server.js";
import { startProducer } from "../support/producer.js";
import { waitFor } from "../support/wait-for.js";

const within = 120_000;

/** The clients of each process of HAProxy, which needs two descriptors for each of them, and may have 20,000. */
const perProxy = 5000;
const proxies = 2;
const clients = perProxy * proxies;

const drainSeconds = 5;
const closeOverSeconds = 10;
const retryMs = 1000;

/** Publications in a second, from before the drain until all clients have returned. */
const perSecond = 1;
const publications = 30;

interface Pair {
  readonly first: HubProcess;
  readonly second: HubProcess;
}

/** Two hubs with one journal on NATS. */
async function startPair(): Promise<Pair> {
  const nats = await startNatsServer();
  const journal = `nats://${nats.address}/${newStreamName()}`;
  const times = ["--drain", String(drainSeconds), "--close-over", String(closeOverSeconds)];
  const args = [...times, "--retry", String(retryMs), "--journal", journal, "--trusted-proxy", "127.0.0.1"];
  return { first: await startHub({ args }), second: await startHub({ args }) };
}

/** When the first hub was seen as not ready, and then as refusing connections, in milliseconds of `performance.now`. */
interface Seen {
  readonly notReadyMs: number;
  readonly refusedMs: number;
  /** When each process of HAProxy took the first hub as down. */
  readonly downMs: readonly number[];
}

async function watch({ first }: Pair, through: readonly Haproxy[]): Promise<Seen> {
  const url = `${first.httpUrl}/readyz`;
  const when = async (what: string, isSeen: () => Promise<boolean>): Promise<number> => {
    await waitFor(isSeen, { within, missing: what });
    return performance.now();
  };
  const status = (): Promise<number> =>
    fetch(url).then(
      (response) => response.status,
      () => 0,
    );
  const downMs = Promise.all(
    through.map((proxy) => when("a hub that is down", async () => (await proxy.stateOfFirst()) === "DOWN")),
  );
  const notReadyMs = await when("503", async () => (await status()) === 503);
  const refusedMs = await when("a refused connection", async () => (await status()) === 0);
  return { notReadyMs, refusedMs, downMs: await downMs };
}

/** The reconnections of all groups in each second, from the first to the last one. */
async function returnsPerSecond(groups: readonly LoadGroup[]): Promise<readonly number[]> {
  const counts = new Map<number, number>();
  for (const group of groups)
    for (const [second, count] of (await group.snapshot()).reconnectsAt)
      counts.set(second, (counts.get(second) ?? 0) + count);
  const seconds = [...counts.keys()];
  const first = Math.min(...seconds);
  return Array.from(
    { length: Math.max(...seconds) - first + 1 },
    (_, index) => counts.get(first + index) ?? 0,
  );
}

test("10,000 clients behind HAProxy move from a hub that gets SIGTERM to another one, evenly and without a loss", async () => {
  const pair = await startPair();
  const { first, second } = pair;
  const through: Haproxy[] = [];
  const groups: LoadGroup[] = [];
  const loadClients = startLoadClients();
  for (let index = 1; index <= proxies; index += 1) {
    const proxy = await startHaproxy({ first: first.httpPort, second: second.httpPort, clients: perProxy });
    through.push(proxy);
    const spec = { name: `through HAProxy ${index}`, clients: perProxy, port: proxy.port, reconnect: {} };
    groups.push(await loadClients.open({ ...spec, firstSequence: 1 }, { within }));
  }
  const producer = await startProducer({
    endpoint: second.ingest,
    count: publications,
    pace: { kind: "rate", perSecond },
  });
  for (const group of groups) await group.waitSequence({ atLeast: 5, within });

  const startedMs = performance.now();
  first.signal("SIGTERM");
  const seen = await watch(pair, through);
  expect(await first.waitForExit({ within })).toEqual({ code: 0, signal: null });
  const stoppedMs = performance.now();
  await producer.done({ within });
  for (const group of groups) await group.waitSequence({ atLeast: publications, within });

  const perSecondReturned = await returnsPerSecond(groups);
  const sum = perSecondReturned.reduce((total, count) => total + count);
  const mean = sum / perSecondReturned.length;
  const snapshots = await Promise.all(groups.map((group) => group.snapshot()));
  const after = (ms: number): string => `${((ms - startedMs) / 1000).toFixed(1)} s`;
  printFigures(`SIGTERM with ${clients} clients behind HAProxy, and a second hub`, [
    `the drain of ${drainSeconds} s: 503 after ${after(seen.notReadyMs)}, HAProxy took the hub as down after ` +
      `${seen.downMs.map(after).join(" and ")}, connections refused after ${after(seen.refusedMs)}`,
    `the hub ended after ${after(stoppedMs)}`,
    `reconnections in each second: ${perSecondReturned.join(", ")}; mean ${mean.toFixed(0)}`,
    ...groupLines(snapshots),
  ]);
  // Readiness is seen before the listener closes.
  for (const ms of [seen.notReadyMs, ...seen.downMs]) expect(ms).toBeLessThan(seen.refusedMs);
  expect(sum).toBe(clients);
  expect(Math.max(...perSecondReturned)).toBeLessThanOrEqual(2 * mean);
  const faults = await Promise.all(groups.map((group) => group.faults(["closed"])));
  expect(faults).toEqual(faults.map(() => ({})));
  for (const { counts } of snapshots)
    expect(counts).toMatchObject({ open: perProxy, closed: perProxy, events: perProxy * publications });
});
