import { expect, test } from "vitest";
import {
  startEnvironment,
  type EnvironmentOptions,
  type LoadEnvironment,
} from "../support/load/environment.js";
import { startLoadClients, type LoadClients, type LoadGroup } from "../support/load/client.js";
import { groupLines, mib, printFigures, usageLine } from "../support/load/figures.js";
import { measureAlternating, alternatingLines } from "../support/load/alternating.js";
import { startProducer } from "../support/producer.js";

/** Where the clients connect. A stock Mongrel2 disconnects slow clients. */
const places = {
  http: { front: "http" },
  TLS: { front: "http", tls: true },
  "TLS with workers": { front: "http", tls: true, args: ["--workers", "2"] },
  shipped: { front: "shipped" },
  stock: { front: "stock" },
} as const satisfies Readonly<Record<string, EnvironmentOptions>>;
type Place = keyof typeof places;

const patientPlaces: readonly Place[] = ["http", "TLS", "TLS with workers", "shipped"];

/** With TLS, the clients need a processor for themselves. */
function fastClients({ tls }: LoadEnvironment): number {
  return tls ? 50 : 200;
}

const perSecond = 500;
/** The kernel buffers 4 MB for a client that does not read, so slow clients are behind after 4 s. */
const bytes = 2000;
const secondsPerTurn = 12;
const within = 120_000;

/** Opens 20 clients that read 50 KB/s, and 2 that never read. The producer publishes 1 MB/s. */
async function openSlow(
  environment: LoadEnvironment,
  loadClients: LoadClients,
  turn: number,
): Promise<readonly LoadGroup[]> {
  // A stock Mongrel2 disconnects a client that is 16 messages behind. The client then reconnects, as a browser does.
  const common = {
    port: environment.port,
    tls: environment.tls,
    ...(environment.front === "stock" ? { reconnect: { delayMs: 100 } } : {}),
  };
  return [
    await loadClients.open({
      ...common,
      name: `slow ${turn}`,
      clients: 20,
      reading: { kind: "rate", bytesPerSecond: 50_000 },
    }),
    await loadClients.open({ ...common, name: `deaf ${turn}`, clients: 2, reading: { kind: "never" } }),
  ];
}

/** Lets the slow clients read the events that they have missed. */
async function catchUp(groups: readonly LoadGroup[], upTo: number): Promise<void> {
  for (const group of groups) await group.read({ kind: "fast" });
  for (const group of groups) await group.waitSequence({ atLeast: upTo, within });
}

test.each<Place>([...patientPlaces, "stock"])(
  "slow clients do not delay fast ones, and get all events themselves: %s",
  async (place) => {
    const environment = await startEnvironment(places[place]);
    const loadClients = startLoadClients();
    const slowLoadClients = startLoadClients();
    const fast = await loadClients.open({
      name: "fast",
      clients: fastClients(environment),
      port: environment.port,
      tls: environment.tls,
    });
    const idle = environment.usage();
    await startProducer({ endpoint: environment.hub.ingest, bytes, pace: { kind: "rate", perSecond } });
    const lines: string[] = [];
    const slow: LoadGroup[] = [];
    const delays = await measureAlternating({
      group: fast,
      publications: perSecond * secondsPerTurn,
      repetitions: 3,
      disturb: async () => {
        const groups = await openSlow(environment, slowLoadClients, lines.length);
        slow.push(...groups);
        return async () => {
          const behind = await Promise.all(groups.map((group) => group.snapshot()));
          const { highest } = await fast.snapshot();
          lines.push(
            `at the end of a turn: ${behind.map((at) => `${at.name} from ${at.lowest}`).join(", ")}, fast ${highest}`,
          );
          await catchUp(groups, highest);
          lines.push(...groupLines(await Promise.all(groups.map((group) => group.snapshot()))));
          for (const group of groups) await group.leave();
        };
      },
    });
    printFigures(
      `${place}: ${fastClients(environment)} fast clients, with 20 that read 50 KB/s and 2 that never read; 1 MB/s`,
      [
        ...alternatingLines(delays),
        ...groupLines([await fast.snapshot()]),
        ...lines,
        usageLine(idle, environment.usage()),
      ],
    );
    expect(await fast.faults()).toEqual({});
    const faults = await Promise.all(slow.map((group) => group.faults(place === "stock" ? ["closed"] : [])));
    expect(faults).toEqual(slow.map(() => ({})));
    expect(delays.disturbedP99).toBeLessThanOrEqual(2 * delays.baseP99);
  },
);

test.each<Place>(patientPlaces)(
  "slow clients whose events were evicted keep their connection and get a gap: %s",
  async (place) => {
    const environment = await startEnvironment({
      ...places[place],
      config: { limits: { history: { topicEvents: 1000 } } },
    });
    const loadClients = startLoadClients();
    const slowLoadClients = startLoadClients();
    const fast = await loadClients.open({
      name: "fast",
      clients: fastClients(environment),
      port: environment.port,
      tls: environment.tls,
      firstSequence: 1,
    });
    const slow = await openSlow(environment, slowLoadClients, 0);
    const count = perSecond * 30;
    const producer = await startProducer({
      endpoint: environment.hub.ingest,
      count,
      bytes,
      pace: { kind: "rate", perSecond },
    });
    await producer.done({ within });
    await fast.waitSequence({ atLeast: count, within });
    await catchUp(slow, count);
    const snapshots = await Promise.all([fast, ...slow].map((group) => group.snapshot()));
    printFigures(`${place}: slow clients behind a history of 1,000 publications`, [
      ...groupLines(snapshots),
      ...snapshots.flatMap(({ gaps }) => gaps.slice(0, 1)),
    ]);
    expect(await fast.faults()).toEqual({});
    const told = await Promise.all(slow.map((group) => group.faults(["gaps", "missedReported"])));
    expect(told).toEqual(slow.map(() => ({})));
    for (const { counts } of snapshots.slice(1)) expect(counts.gaps).toBeGreaterThan(0);
  },
);

test.each<Place>(patientPlaces)(
  "100 clients that never read cause no copies of the events that they miss: %s",
  async (place) => {
    const count = 4000;
    const pieceBytes = 16_384;
    const grown: number[] = [];
    for (const deafClients of [0, 100]) {
      const environment = await startEnvironment(places[place]);
      const loadClients = startLoadClients();
      const fast = await loadClients.open({
        name: "fast",
        clients: 20,
        port: environment.port,
        tls: environment.tls,
        firstSequence: 1,
      });
      const deaf = startLoadClients();
      if (deafClients > 0)
        await deaf.open({
          name: "deaf",
          clients: deafClients,
          port: environment.port,
          tls: environment.tls,
          reading: { kind: "never" },
        });
      const idle = environment.usage();
      await startProducer({
        endpoint: environment.hub.ingest,
        count,
        bytes: pieceBytes,
        pace: { kind: "rate", perSecond: 400 },
      });
      await fast.waitSequence({ atLeast: count, within });
      expect(await fast.faults()).toEqual({});
      const now = environment.usage();
      grown.push(now.hubPeakBytes - idle.hubBytes);
      printFigures(`${place}: ${mib(count * pieceBytes)} published, ${deafClients} clients that never read`, [
        usageLine(idle, now),
        ...groupLines([await fast.snapshot()]),
      ]);
      await environment.hub.stop();
    }
    const [without = 0, withDeaf = 0] = grown;
    expect(withDeaf - without).toBeLessThan(count * pieceBytes);
  },
);
