import { join } from "node:path";
import { expect, test } from "vitest";
import { startHub, type HubProcess } from "../support/hub-process.js";
import { root } from "../support/ipc.js";
import { startLoadClients } from "../support/load/client.js";
import { grouped, median, mib, printFigures } from "../support/load/figures.js";
import { encodePayload, monotonicUs } from "../support/load/payload.js";

const within = 240_000;
const streams = 500;
const publications = 6000;
const perRequest = 100;
const turns = 5;

/** The hub as a process of its own, and in servers of other programs. */
const places = ["own process", "node", "express", "fastify", "middleware"] as const;
type Place = (typeof places)[number];

interface Cost {
  readonly perSecond: number;
  readonly cpuUs: number;
  readonly idleBytes: number;
}

async function start(place: Place): Promise<HubProcess> {
  if (place === "own process") return startHub({ args: ["--open"] });
  return startHub({ entry: join(root, "test", "support", "embedded-server.mjs"), env: { HOST: place } });
}

/** Publishes over HTTP, request after request. Each has many publications, so the requests hardly count. */
async function publishAll(url: string): Promise<void> {
  for (let first = 1; first <= publications; first += perRequest) {
    const lines = Array.from({ length: perRequest }, (_, index) =>
      JSON.stringify({
        topic: "broadcast",
        data: encodePayload({ stream: "load", sequence: first + index, sentUs: monotonicUs(), bytes: 200 }),
      }),
    );
    const response = await fetch(`${url}/publish`, {
      method: "POST",
      headers: { "Content-Type": "application/x-ndjson" },
      body: lines.join("\n"),
    });
    if (response.status !== 200) throw new Error(`status ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }
}

async function measure(place: Place): Promise<Cost> {
  const hub = await start(place);
  const clients = startLoadClients();
  const group = await clients.open(
    { name: place, clients: streams, port: hub.httpPort, firstSequence: 1 },
    { within },
  );
  const idleBytes = hub.rssBytes();
  const cpu = hub.cpuSeconds();
  const begin = performance.now();
  await publishAll(hub.httpUrl);
  await group.waitSequence({ atLeast: publications, within });
  const seconds = (performance.now() - begin) / 1000;
  expect(await group.faults()).toEqual({});
  const deliveries = streams * publications;
  const cost = {
    perSecond: deliveries / seconds,
    cpuUs: ((hub.cpuSeconds() - cpu) / deliveries) * 1e6,
    idleBytes,
  };
  await clients.close();
  await hub.stop({ within });
  return cost;
}

test("a hub in another program's server makes at least 0.9 of the deliveries of its own process", async () => {
  const costs = new Map<Place, Cost[]>(places.map((place) => [place, []]));
  for (let turn = 0; turn < turns; turn += 1)
    for (const place of places) costs.get(place)?.push(await measure(place));
  const ratios = (place: Place, of: (cost: Cost) => number): number =>
    median((costs.get(place) ?? []).map((cost, turn) => of(cost) / of(costs.get("own process")![turn]!)));
  printFigures(
    `${grouped(publications)} publications of 200 bytes to ${streams} streams, as fast as possible; medians of ${turns} turns`,
    places.map((place) => {
      const each = costs.get(place) ?? [];
      return (
        `${place}: ${grouped(median(each.map(({ perSecond }) => perSecond)))} deliveries/s, ` +
        `${median(each.map(({ cpuUs }) => cpuUs)).toFixed(2)} µs of CPU time each, ` +
        `${ratios(place, ({ perSecond }) => perSecond).toFixed(2)} of the deliveries of its own process, ` +
        `${mib(median(each.map(({ idleBytes }) => idleBytes)))} with idle streams`
      );
    }),
  );
  for (const place of ["node", "express", "fastify"] as const)
    expect(ratios(place, ({ perSecond }) => perSecond)).toBeGreaterThanOrEqual(0.9);
});
