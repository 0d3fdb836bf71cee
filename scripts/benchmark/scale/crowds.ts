import { setTimeout as delay } from "node:timers/promises";
import type { Bed } from "../bed.js";
import { percentileMs } from "../histogram.js";
import { availableBytes, kernelLimits, kernelState } from "../kernel.js";
import type { Scenario } from "../scenario.js";

/** Everybody on one topic, with a publication now and then. */
function largeCrowd(options: {
  readonly name: string;
  readonly title: string;
  readonly clients: number;
  readonly everySeconds: number;
  readonly publications: number;
}): Scenario {
  const { name, title, clients, everySeconds, publications } = options;
  return {
    name,
    title,
    needs: "workers",
    figures: {
      perSecond: { title: "streams opened", unit: "/s", better: "more" },
      kib: { title: "server's memory a client", unit: "KiB", better: "less" },
      all: { title: "with kernel and load clients", unit: "KiB", better: "less" },
      p50: { title: "median delay", unit: "ms", better: "less" },
      cpu: { title: "server's processor time a delivery", unit: "µs", better: "less" },
      last: { title: "until the last client has it, the longest", unit: "ms", better: "less" },
    },
    bed: () => ({ clients, topics: "one", ids: false }),
    measure: async (bed) => {
      const kib = (bed.memory() - bed.memoryBefore) / 1024 / clients;
      const all = (bed.availableBefore - availableBytes()) / 1024 / clients;
      const notes = [`with all connected: ${kernelState()}`, kernelLimits()];
      await bed.warmUp();
      const { cpu, last } = await publishSlowly(bed, { publications, everySeconds });
      const { faults, delays } = await bed.crowd.report();
      const p50 = percentileMs(delays, 0.5) ?? 0;
      const perSecond = clients / (bed.opened.openMicros / 1e6);
      return { figures: { perSecond, kib, all, cpu, p50, last }, faults, notes };
    },
  };
}

/** One publication after another, each to everybody in its time; rejects with how many have it not. */
async function publishSlowly(
  bed: Bed,
  { publications, everySeconds }: { readonly publications: number; readonly everySeconds: number },
): Promise<{ readonly cpu: number; readonly last: number }> {
  const { clients } = bed.spec;
  const cpuBefore = bed.cpuSeconds();
  let last = 0;
  for (let count = 1; count <= publications; count++) {
    const from = performance.now();
    const published = await bed.publisher.call("publish", { count: 1 });
    const { behind, open } = await bed.drained(published, everySeconds * 1000);
    if (behind > 0 || open < clients)
      throw new Error(
        `publication ${count}: ${everySeconds} s later ${behind} clients had it not, ${clients - open} were closed; ` +
          kernelState(),
      );
    const took = performance.now() - from;
    last = Math.max(last, took);
    await delay(everySeconds * 1000 - took);
  }
  return { cpu: ((bed.cpuSeconds() - cpuBefore) * 1e6) / publications / clients, last };
}

export const largeCrowds: readonly Scenario[] = [
  largeCrowd({
    name: "clients-100000",
    title: "100,000 clients, 1 publication/s",
    clients: 100_000,
    everySeconds: 1,
    publications: 20,
  }),
  largeCrowd({
    name: "clients-500000",
    title: "500,000 clients, a publication every 20 s",
    clients: 500_000,
    everySeconds: 20,
    publications: 3,
  }),
  largeCrowd({
    name: "clients-1000000",
    title: "1,000,000 clients, a publication every 60 s",
    clients: 1_000_000,
    everySeconds: 60,
    publications: 2,
  }),
];
