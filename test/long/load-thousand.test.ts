import { expect, test } from "vitest";
import { startEnvironment, type Front } from "../support/load/environment.js";
import { startLoadClients } from "../support/load/client.js";
import { groupLines, grouped, printFigures, usageLine } from "../support/load/figures.js";
import { startProducer, type Pace } from "../support/producer.js";

const clients = 1000;
const bytes = 200;
const flatOut: Pace = { kind: "flat-out" };
const bursts: Pace = { kind: "bursts", size: 50, perSecond: 20 };

const cases: readonly { readonly front: Front; readonly pace: Pace; readonly count: number }[] = [
  { front: "http", pace: flatOut, count: 20_000 },
  { front: "stock", pace: flatOut, count: 5000 },
  { front: "shipped", pace: flatOut, count: 5000 },
  { front: "http", pace: bursts, count: 5000 },
  { front: "stock", pace: bursts, count: 5000 },
  { front: "shipped", pace: bursts, count: 5000 },
];

test.each(cases)(
  "1,000 clients get all of $count publications once and in order, and stay: $front, $pace.kind",
  async ({ front, pace, count }) => {
    const environment = await startEnvironment({ front });
    const loadClients = startLoadClients();
    const group = await loadClients.open({ name: front, clients, port: environment.port, firstSequence: 1 });
    const idle = environment.usage();
    const clientsBefore = loadClients.cpuSeconds();
    const begin = performance.now();
    const producer = await startProducer({ endpoint: environment.hub.ingest, count, pace, bytes });
    const production = await producer.done({ within: 120_000 });
    await group.waitSequence({ atLeast: count, within: 120_000 });
    const seconds = (performance.now() - begin) / 1000;
    const snapshot = await group.snapshot();
    printFigures(
      `${front}, ${pace.kind}: ${grouped(clients)} clients, ${grouped(count)} publications of ${bytes} bytes`,
      [
        `producer ${grouped(production.perSecond)}/s; ${grouped(snapshot.counts.events / seconds)} deliveries/s in ${seconds.toFixed(1)} s`,
        ...groupLines([snapshot]),
        usageLine(idle, environment.usage()),
        `clients ${(loadClients.cpuSeconds() - clientsBefore).toFixed(1)} s of processor`,
      ],
    );
    expect(await group.faults()).toEqual({});
    expect(snapshot).toMatchObject({
      lowest: count,
      highest: count,
      counts: { open: clients, events: clients * count },
    });
    const figures = await environment.stopForFigures();
    printFigures("the hub's own figures", [JSON.stringify(figures)]);
  },
);
