import { expect, test } from "vitest";
import { fronts, startBed, type Front } from "../support/load/bed.js";
import { startLoadClients } from "../support/load/client.js";
import { groupLines, grouped, printFigures, usageLine } from "../support/load/figures.js";
import { startProducer, type Producer } from "../support/producer.js";
import { waitFor } from "../support/wait-for.js";

const clients = 1000;
const within = 120_000;
const seconds = 16;
const MiB = 2 ** 20;

/** `queued`: what the producer's own socket holds; 1,000 of the large ones would take minutes to deliver at the end. */
const cases: readonly { readonly front: Front; readonly bytes: number; readonly queued: number }[] =
  fronts.flatMap((front) => [
    { front, bytes: 200, queued: 1000 },
    { front, bytes: 65_536, queued: 16 },
  ]);

/** Waits until the producer has been at it for so long. */
async function producing(producer: Producer, forSeconds: number): Promise<void> {
  await waitFor(async () => (await producer.state()).seconds >= forSeconds, {
    within,
    everyMs: 100,
    missing: `the producer has not run for ${forSeconds} s`,
  });
}

test.each(cases)(
  "a producer that floods 1,000 clients is slowed down to what they take: $front, $bytes bytes",
  async ({ front, bytes, queued }) => {
    const bed = await startBed({ front });
    const crowd = startLoadClients();
    const group = await crowd.open({ name: front, clients, port: bed.port, firstSequence: 1 });
    const idle = bed.usage();
    const producer = await startProducer({
      endpoint: bed.hub.ingest,
      bytes,
      sendHighWaterMark: queued,
    });
    await producing(producer, seconds / 2);
    const middle = {
      sent: (await producer.state()).sent,
      taken: (await group.snapshot()).counts.events / clients,
    };
    await producing(producer, seconds);
    const end = {
      sent: (await producer.state()).sent,
      taken: (await group.snapshot()).counts.events / clients,
    };
    const production = await producer.stop();
    // All of it, but for one send that may have been given up; of large events the next twenty: the 64 MiB that may be
    // pending are 1,000 of them, minutes behind a stock server.
    const atLeast = bytes > 1000 ? Math.ceil(end.taken) + 20 : production.sent - 1;
    await group.waitSequence({ atLeast, within });
    const after = bed.usage();
    const perSecond = {
      sent: (end.sent - middle.sent) / (seconds / 2),
      taken: (end.taken - middle.taken) / (seconds / 2),
    };
    const offered = Math.max(...production.rates);
    printFigures(
      `${front}: a producer of ${bytes}-byte events as fast as it can, ${grouped(clients)} clients`,
      [
        `offered ${grouped(offered)}/s at first, ${(offered / perSecond.taken).toFixed(0)} times what is taken`,
        `in the second half: sent ${grouped(perSecond.sent)}/s, taken ${grouped(perSecond.taken)}/s, ` +
          `${grouped(perSecond.taken * clients)} deliveries/s, ${grouped((perSecond.taken * clients * bytes) / 1e6)} MB/s`,
        ...groupLines([await group.snapshot()]),
        usageLine(idle, after),
        `above idle at most: hub ${grouped((after.hubPeakBytes - idle.hubBytes) / MiB)} MiB, ` +
          `Mongrel2 ${grouped((after.serverPeakBytes - idle.serverBytes) / MiB)} MiB`,
      ],
    );
    // Whoever falls further behind than history reaches is told.
    expect(await group.faults(["gaps", "missedTold", "rewindsTold"])).toEqual({});
    expect(offered).toBeGreaterThan(10 * perSecond.taken);
    expect(perSecond.sent / perSecond.taken).toBeLessThan(1.25);
    expect(after.hubPeakBytes - idle.hubBytes).toBeLessThan(300e6);
    expect(after.serverPeakBytes - idle.serverBytes).toBeLessThan(1e9);
  },
);
