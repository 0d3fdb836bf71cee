import { describe, expect, it } from "vitest";
import { faultOfMoves, movesWorlds } from "../moves/moves-property.js";
import { printFigures } from "../support/load/figures.js";
import { StormHub } from "../support/storm/storm-hub.js";
import { storm } from "../support/storm/storm.js";

/** Ten parts of 1,000 orders each. With `-t "seed 3:"` a run ends in minutes. */
const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

describe("a client that changes its filters or its token gets every event, or is told what it missed", () => {
  describe.each(seeds)("in 1,000 random orders of messages, turns and writes, seed %i:", (seed) => {
    it.each(movesWorlds)(
      "%s",
      async (_name, world) => {
        expect(await faultOfMoves(world, { seed, interleavings: 1000 })).toBeUndefined();
      },
      600_000,
    );
  });

  it.each([0, 2])("in processes under load, with %i workers", async (workers) => {
    const hub = await StormHub.start({ args: ["--workers", String(workers)] });
    const report = await storm({
      seed: 1,
      seconds: 60,
      port: () => hub.port,
      ingest: hub.ingest,
      perSecond: 20_000,
      clients: Array.from({ length: 12 }, () => ({ transport: "web-socket" as const })),
      changeMs: 25,
      cuts: false,
    });
    printFigures(`12 WebSockets change forty times a second, ${workers} workers`, [
      `${report.published} publications, ${report.events} events, ${report.gaps} gap events`,
    ]);
    expect(report.faults).toEqual([]);
    expect(report.events).toBeGreaterThan(10_000);
    await hub.untilAtRest();
    expect(await hub.end()).toEqual([]);
  });
});
