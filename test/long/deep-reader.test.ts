import { expect, test } from "vitest";
import { startEnvironment } from "../support/load/environment.js";
import { startLoadClients } from "../support/load/client.js";
import type { LoadGroup } from "../support/load/client.js";
import { median, mib, printFigures } from "../support/load/figures.js";
import type { Delays } from "../support/load/histogram.js";
import { startProducer } from "../support/producer.js";

const MiB = 1024 * 1024;
/** The events that the client has missed, in mebibytes. */
const missedMebibytes = Number(process.env["PHAROS_DEEP_MEBIBYTES"] ?? 2048);
const deepBytes = 10_000;
const count = Math.ceil((missedMebibytes * MiB) / deepBytes);
/** Of this topic, so much is in memory, and the rest on disk. */
const topicBytes = 16 * MiB;
const clients = 1000;
const perSecond = 50;
const secondsPerTurn = 20;
const within = 30 * 60_000;

const deepTopic = { topic: "deep", stream: "deep" };
const deepGroup = { clients: 1, topics: ["deep"], streams: ["deep"] };

/** The delays of a group during an action. */
async function during(group: LoadGroup, action: () => Promise<void>): Promise<Delays> {
  await group.resetDelays();
  await action();
  return (await group.snapshot()).delays;
}

async function receives(group: LoadGroup, publications: number): Promise<void> {
  const { highest } = await group.snapshot();
  await group.waitSequence({ atLeast: highest + publications, within });
}

test(
  `a client that is ${missedMebibytes} MiB behind catches up from disk, and 1,000 others keep their delay`,
  async () => {
    const environment = await startEnvironment({
      front: "http",
      args: ["--journal", "disk:journal"],
      config: {
        limits: { journal: { bytes: 2 * missedMebibytes * MiB + 256 * MiB }, history: { topicBytes } },
      },
    });
    const { hub, port } = environment;
    const deepClients = startLoadClients();
    const witness = await deepClients.open({ ...deepGroup, name: "witness", port });
    const filler = await startProducer({
      endpoint: hub.ingest,
      count,
      bytes: deepBytes,
      topics: [deepTopic],
    });
    await filler.done({ within });
    await witness.waitSequence({ atLeast: count, within });
    await witness.leave();
    const liveClients = startLoadClients();
    const live = await liveClients.open(
      { name: "live", clients, port, topics: ["live"], streams: ["live"] },
      { within },
    );
    const pace = { kind: "rate", perSecond } as const;
    await startProducer({ endpoint: hub.ingest, topics: [{ topic: "live", stream: "live" }], pace });
    await receives(live, perSecond * 5);
    const { hubPeakBytes } = environment.usage();
    const before = await during(live, () => receives(live, perSecond * secondsPerTurn));
    const startedMs = performance.now();
    const disturbed = await during(live, async () => {
      const from = { lastEventId: "earliest", firstSequence: 1 };
      const behind = await deepClients.open({ ...deepGroup, ...from, name: "behind", port });
      await behind.waitSequence({ atLeast: count, within });
      expect(await behind.faults()).toEqual({});
      await behind.leave();
    });
    const seconds = (performance.now() - startedMs) / 1000;
    const after = await during(live, () => receives(live, perSecond * secondsPerTurn));
    const line = ({ p50, p99, max }: Delays): string =>
      `p50 ${p50.toFixed(1)} p99 ${p99.toFixed(1)} max ${max.toFixed(1)} ms`;
    const baseP99 = median([before.p99, after.p99]);
    const grownBytes = environment.usage().hubPeakBytes - hubPeakBytes;
    printFigures(
      `a client that is ${missedMebibytes} MiB behind, beside ${clients} others at ${perSecond}/s`,
      [
        `before: ${line(before)}`,
        `with:   ${line(disturbed)}`,
        `after:  ${line(after)}`,
        `p99: ${(disturbed.p99 / baseP99).toFixed(2)} times`,
        `caught up in ${seconds.toFixed(1)} s: ${(missedMebibytes / seconds).toFixed(1)} MiB/s`,
        `the hub's memory has grown by ${mib(grownBytes)}`,
      ],
    );
    expect(await live.faults()).toEqual({});
    expect(disturbed.p99).toBeLessThanOrEqual(2 * baseP99);
  },
  40 * 60_000,
);
