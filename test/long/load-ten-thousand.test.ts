import { expect, test } from "vitest";
import { fronts, startEnvironment } from "../support/load/environment.js";
import { startLoadClients, type LoadGroup } from "../support/load/client.js";
import { groupLines, grouped, printFigures, usageLine } from "../support/load/figures.js";
import { startProducer } from "../support/producer.js";

const staying = 9500;
const steps = 10;
const perStep = 50;
const count = 100;

test.each(fronts)(
  "10,000 clients get each of 100 publications once while 500 leave and 500 join: %s",
  async (front) => {
    // Mongrel2 uses two wait slots for a client if it reads from and writes to the client at once. Mongrel2 has half as
    // many slots as superpoll.max_fd. When `superpoll.max_fd` was 20,000, credits were lost, and about 300 clients
    // received nothing for 30 s.
    const environment = await startEnvironment({ front, maxFd: 44_000 });
    const loadClients = startLoadClients();
    const within = 40_000;
    const idle = environment.usage();
    const stay = await loadClients.open(
      { name: "stay", clients: staying, port: environment.port, firstSequence: 1 },
      { within },
    );
    const leave = await loadClients.open(
      { name: "leave", clients: steps * perStep, port: environment.port, firstSequence: 1 },
      { within },
    );
    const joined: LoadGroup[] = [];
    const producer = await startProducer({
      endpoint: environment.hub.ingest,
      count,
      pace: { kind: "rate", perSecond: 10 },
    });
    for (let step = 1; step <= steps; step += 1) {
      // The last clients join 5 s before the end, so that they still receive events.
      await stay.waitSequence({ atLeast: step * 5, within });
      await leave.leave({ clients: perStep });
      joined.push(
        await loadClients.begin({ name: `join ${step}`, clients: perStep, port: environment.port }),
      );
    }
    await producer.done({ within });
    for (const group of [stay, ...joined]) await group.waitSequence({ atLeast: count, within });
    const snapshots = await Promise.all([stay, leave, ...joined].map((group) => group.snapshot()));
    printFigures(
      `${front}: 10,000 clients, ${count} publications at 10/s, ${steps * perStep} leave and as many join`,
      [
        ...groupLines(snapshots.slice(0, 2)),
        `joined: ${snapshots.slice(2).reduce((sum, { counts }) => sum + counts.open, 0)} open`,
        usageLine(idle, environment.usage()),
        `clients ${loadClients.cpuSeconds().toFixed(1)} s of processor, opening included`,
      ],
    );
    const faults = await Promise.all([stay, leave, ...joined].map((group) => group.faults()));
    expect(faults).toEqual(faults.map(() => ({})));
    expect(snapshots[0]?.counts).toMatchObject({ open: staying, events: staying * count });
    expect(grouped(snapshots.slice(2).reduce((sum, { counts }) => sum + counts.open, 0))).toBe("500");
  },
);
