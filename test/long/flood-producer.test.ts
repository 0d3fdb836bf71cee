import { expect, test } from "vitest";
import { fronts, startEnvironment, type Front } from "../support/load/environment.js";
import { startLoadClients, type LoadGroup } from "../support/load/client.js";
import { groupLines, grouped, printFigures, usageLine } from "../support/load/figures.js";
import { startProducer, type Producer } from "../support/producer.js";
import { waitFor } from "../support/wait-for.js";

const clients = 1000;
const within = 120_000;
/** Rates are measured over windows of this many seconds. */
const windowSeconds = 8;
/**
 * After this many windows, the kernel's buffers are full: a few megabytes for each client, which the client has not
 * read yet.
 */
const mostWindows = 8;
const MiB = 2 ** 20;
/** Back-pressure works if the producer's rate is less than `mostAhead` times the clients' rate. */
const mostAhead = 1.25;

/**
 * `queued` is the size of the producer's own queue. The delivery of 1,000 queued large events at the end needs minutes.
 */
const cases: readonly { readonly front: Front; readonly bytes: number; readonly queued: number }[] =
  fronts.flatMap((front) => [
    { front, bytes: 200, queued: 1000 },
    { front, bytes: 65_536, queued: 16 },
  ]);

/** The highest rate of a producer without subscribers, on its own topic. */
async function offeredTo(endpoint: string, bytes: number): Promise<number> {
  const producer = await startProducer({ endpoint, bytes, topics: [{ topic: "nobody" }] });
  await waitFor(async () => (await producer.state()).seconds >= 1, {
    within,
    everyMs: 100,
    missing: "the producer has not run for a second",
  });
  const { rates } = await producer.stop();
  await producer.close();
  return Math.max(...rates);
}

/**
 * The number of publications sent, and the average number of publications that a client has received, at one moment.
 */
interface Progress {
  readonly sent: number;
  readonly taken: number;
}

interface Flood {
  readonly producer: Producer;
  readonly group: LoadGroup;
}

/** Waits until the producer has run for this time. */
async function progressAt({ producer, group }: Flood, seconds: number): Promise<Progress> {
  await waitFor(async () => (await producer.state()).seconds >= seconds, {
    within,
    everyMs: 100,
    missing: `the producer has not run for ${seconds} s`,
  });
  return {
    sent: (await producer.state()).sent,
    taken: (await group.snapshot()).counts.events / clients,
  };
}

/** The rates in the first window in which the producer was as slow as the clients, or in the last window. */
async function settledRates(
  flood: Flood,
): Promise<Progress & { readonly afterSeconds: number; readonly end: Progress }> {
  let start = await progressAt(flood, windowSeconds);
  for (let window = 1; ; window += 1) {
    const afterSeconds = window * windowSeconds;
    const end = await progressAt(flood, afterSeconds + windowSeconds);
    const sent = (end.sent - start.sent) / windowSeconds;
    const taken = (end.taken - start.taken) / windowSeconds;
    if (sent < mostAhead * taken || window === mostWindows) return { sent, taken, afterSeconds, end };
    start = end;
  }
}

test.each(cases)(
  "a producer that floods 1,000 clients is slowed down to their rate: $front, $bytes bytes",
  async ({ front, bytes, queued }) => {
    const environment = await startEnvironment({ front });
    const loadClients = startLoadClients();
    const idle = environment.usage();
    const offered = await offeredTo(environment.hub.ingest, bytes);
    const group = await loadClients.open({ name: front, clients, port: environment.port, firstSequence: 1 });
    const producer = await startProducer({
      endpoint: environment.hub.ingest,
      bytes,
      sendHighWaterMark: queued,
    });
    const perSecond = await settledRates({ producer, group });
    const production = await producer.stop();
    // Waits for everything, except one send that the producer may have abandoned. For large events, waits only for the
    // next twenty events. Up to 1,000 large events may be pending (64 MiB), and a stock server needs minutes to deliver
    // 1,000.
    const atLeast = bytes > 1000 ? Math.ceil(perSecond.end.taken) + 20 : production.sent - 1;
    await group.waitSequence({ atLeast, within });
    const after = environment.usage();
    printFigures(
      `${front}: a producer of ${bytes}-byte events as fast as it can, ${grouped(clients)} clients`,
      [
        `offered ${grouped(offered)}/s while nobody listens, ${(offered / perSecond.taken).toFixed(0)} times what is taken`,
        `after ${perSecond.afterSeconds} s: sent ${grouped(perSecond.sent)}/s, taken ${grouped(perSecond.taken)}/s, ` +
          `${grouped(perSecond.taken * clients)} deliveries/s, ${grouped((perSecond.taken * clients * bytes) / 1e6)} MB/s`,
        ...groupLines([await group.snapshot()]),
        usageLine(idle, after),
        `above idle at most: hub ${grouped((after.hubPeakBytes - idle.hubBytes) / MiB)} MiB, ` +
          `Mongrel2 ${grouped((after.serverPeakBytes - idle.serverBytes) / MiB)} MiB`,
      ],
    );
    // Clients that fall behind the stored history receive gaps.
    expect(await group.faults(["gaps", "missedReported", "rewindsReported"])).toEqual({});
    expect(offered).toBeGreaterThan(10 * perSecond.taken);
    expect(perSecond.sent / perSecond.taken).toBeLessThan(mostAhead);
    expect(after.hubPeakBytes - idle.hubBytes).toBeLessThan(300e6);
    expect(after.serverPeakBytes - idle.serverBytes).toBeLessThan(1e9);
  },
);
