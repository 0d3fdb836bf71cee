import { percentileMs } from "../histogram.js";
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
      p50: { title: "median delay", unit: "ms", better: "less" },
      last: { title: "until the last client has it, the longest", unit: "ms", better: "less" },
    },
    bed: () => ({ clients, topics: "one", ids: false }),
    measure: async (bed) => {
      const kib = (bed.memory() - bed.memoryBefore) / 1024 / clients;
      await bed.warmUp();
      let last = 0;
      for (let count = 0; count < publications; count++) {
        const from = performance.now();
        const published = await bed.publisher.call("publish", { count: 1 });
        const { behind } = await bed.drained(published, everySeconds * 1000);
        if (behind > 0)
          throw new Error(`publication ${count + 1}: ${behind} clients had it not ${everySeconds} s later`);
        const took = performance.now() - from;
        last = Math.max(last, took);
        await new Promise((resolve) => setTimeout(resolve, everySeconds * 1000 - took));
      }
      const { faults, delays } = await bed.crowd.report();
      const p50 = percentileMs(delays, 0.5) ?? 0;
      return { figures: { perSecond: clients / (bed.opened.openMicros / 1e6), kib, p50, last }, faults };
    },
  };
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
