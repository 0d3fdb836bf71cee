import { expect, test } from "vitest";
import type { HubProcess } from "../support/hub-process.js";
import { startLoadClients, type LoadClients, type LoadGroup } from "../support/load/client.js";
import { grouped, median, mib, printFigures } from "../support/load/figures.js";
import { startProducer } from "../support/producer.js";
import { certificateFolder, makeCertificate, type TestCertificate } from "../support/tls/certificates.js";
import { startSecureHub } from "../support/tls/secure-hub.js";

const within = 240_000;

/** The streams of one connection with HTTP/2. */
const http2Streams = 10;
const versions = ["HTTP/1.1", "HTTP/2"] as const;
type Version = (typeof versions)[number];

interface Opened {
  readonly hub: HubProcess;
  readonly loadClients: readonly LoadClients[];
  readonly groups: readonly LoadGroup[];
}

/** Opens streams over TLS, in two processes. */
async function open(certificate: TestCertificate, version: Version, streams: number): Promise<Opened> {
  const hub = await startSecureHub([certificate]);
  const loadClients = [startLoadClients(), startLoadClients()];
  const groups = await Promise.all(
    loadClients.map((clients, index) =>
      clients.open(
        {
          name: `${version} ${index}`,
          clients: streams / loadClients.length,
          port: hub.httpPort,
          tls: true,
          firstSequence: 1,
          ...(version === "HTTP/2" ? { http2Streams } : {}),
        },
        { within },
      ),
    ),
  );
  return { hub, loadClients, groups };
}

async function close({ hub, loadClients }: Opened): Promise<void> {
  for (const clients of loadClients) await clients.close();
  await hub.stop({ within });
}

interface Cost {
  readonly perSecond: number;
  /** CPU time of the hub for each delivery, in microseconds. */
  readonly cpuUs: number;
  readonly rssBytes: number;
}

/** Publishes, waits until every stream has everything, and returns the cost of a delivery. */
async function measure(
  { hub, groups }: Opened,
  publications: number,
  perSecond: number | undefined,
): Promise<Cost> {
  const streams = (await Promise.all(groups.map((group) => group.snapshot()))).reduce(
    (sum, { counts }) => sum + counts.open,
    0,
  );
  const cpu = hub.cpuSeconds();
  const begin = performance.now();
  const producer = await startProducer({
    endpoint: hub.ingest,
    count: publications,
    bytes: 200,
    pace: perSecond === undefined ? { kind: "flat-out" } : { kind: "rate", perSecond },
  });
  await producer.done({ within });
  for (const group of groups) await group.waitSequence({ atLeast: publications, within });
  const seconds = (performance.now() - begin) / 1000;
  const deliveries = streams * publications;
  for (const group of groups) expect(await group.faults()).toEqual({});
  return {
    perSecond: deliveries / seconds,
    cpuUs: ((hub.cpuSeconds() - cpu) / deliveries) * 1e6,
    rssBytes: hub.rssBytes(),
  };
}

function line(version: Version, { perSecond, cpuUs, rssBytes }: Cost): string {
  return `${version}: ${grouped(perSecond)} deliveries/s, ${cpuUs.toFixed(2)} µs of CPU time of the hub each, ${mib(rssBytes)}`;
}

/** Measures both versions in turn. Returns the costs of each. */
async function compare(options: {
  readonly streams: number;
  readonly publications: number;
  readonly perSecond?: number;
  readonly turns: number;
}): Promise<Readonly<Record<Version, readonly Cost[]>>> {
  const certificate = makeCertificate(certificateFolder(), "hub");
  const costs: Record<Version, Cost[]> = { "HTTP/1.1": [], "HTTP/2": [] };
  for (let turn = 0; turn < options.turns; turn += 1)
    for (const version of versions) {
      const opened = await open(certificate, version, options.streams);
      costs[version].push(await measure(opened, options.publications, options.perSecond));
      await close(opened);
    }
  return costs;
}

/** The median of the ratios, HTTP/2 to HTTP/1.1, of each turn. */
function ratio(costs: Readonly<Record<Version, readonly Cost[]>>, of: (cost: Cost) => number): number {
  return median(costs["HTTP/2"].map((cost, turn) => of(cost) / of(costs["HTTP/1.1"][turn]!)));
}

test("10,000 streams, with HTTP/2 on 1,000 connections: nothing is lost, and a delivery costs at most half as much as with HTTP/1.1", async () => {
  const costs = await compare({ streams: 10_000, publications: 600, perSecond: 10, turns: 1 });
  const cpu = ratio(costs, ({ cpuUs }) => cpuUs);
  printFigures("10 publications/s for a minute to 10,000 streams over TLS", [
    ...versions.flatMap((version) => costs[version].map((cost) => line(version, cost))),
    `a delivery with HTTP/2 needs ${cpu.toFixed(2)} of the CPU time with HTTP/1.1`,
  ]);
  expect(cpu).toBeLessThanOrEqual(0.5);
});

test("saturated deliveries with HTTP/2, next to those with HTTP/1.1", async () => {
  const costs = await compare({ streams: 500, publications: 6000, turns: 3 });
  const cpu = ratio(costs, ({ cpuUs }) => 1 / cpuUs);
  const rate = ratio(costs, ({ perSecond }) => perSecond);
  printFigures("6,000 publications of 200 bytes to 500 streams over TLS, as fast as possible", [
    ...versions.flatMap((version) => costs[version].map((cost) => line(version, cost))),
    `with HTTP/2, ${rate.toFixed(2)} of the deliveries in the same time, and ${cpu.toFixed(2)} for the same CPU time of the hub`,
  ]);
  expect(cpu).toBeGreaterThanOrEqual(0.7);
});
