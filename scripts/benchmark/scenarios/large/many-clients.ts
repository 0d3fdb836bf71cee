import { percentileMs } from "../../statistics/histogram.js";
import { availableBytes, kernelLimits, kernelState } from "../../machine/kernel.js";
import type { Scenario } from "../scenario.js";

/** Time for delivery after the last publication. */
const drainMs = 90_000;

/** A very large number of clients of one topic, with few publications. */
function manyClients(options: {
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
      kib: { title: "server's memory per client", unit: "KiB", better: "less" },
      all: { title: "with kernel and load clients", unit: "KiB", better: "less" },
      p50: { title: "median delay", unit: "ms", better: "less" },
      cpu: { title: "server's CPU time per delivery", unit: "µs", better: "less" },
      last: { title: "longest delay", unit: "ms", better: "less" },
    },
    environment: () => ({ clients, topics: "one", ids: false }),
    measure: async (environment) => {
      const kib = (environment.memory() - environment.memoryBefore) / 1024 / clients;
      const all = (environment.availableBefore - availableBytes()) / 1024 / clients;
      const notes = [`with all connected: ${kernelState()}`, kernelLimits()];
      const { report, drained, cpuSeconds } = await environment.publishFor({
        perSecond: 1 / everySeconds,
        // The publisher sends the first publication at once, so it sends the last publication half an interval before
        // the end of the period.
        seconds: (publications - 0.5) * everySeconds,
        drainWithin: drainMs,
      });
      if (drained.behind > 0 || drained.open < clients)
        throw new Error(
          `${drainMs / 1000} s after the last publication ${drained.behind} clients had not received everything ` +
            `and ${clients - drained.open} were disconnected; ${kernelState()}`,
        );
      const { faults, delays, events } = report;
      const [p50 = 0, last = 0] = [percentileMs(delays, 0.5), percentileMs(delays, 1)];
      const perSecond = clients / (environment.opened.openMicros / 1e6);
      return { figures: { perSecond, kib, all, cpu: (cpuSeconds * 1e6) / events, p50, last }, faults, notes };
    },
  };
}

export const manyClientsScenarios: readonly Scenario[] = [
  manyClients({
    name: "clients-100000",
    title: "100,000 clients, 1 publication/s",
    clients: 100_000,
    everySeconds: 1,
    publications: 20,
  }),
  manyClients({
    name: "clients-500000",
    title: "500,000 clients, a publication every 20 s",
    clients: 500_000,
    everySeconds: 20,
    publications: 3,
  }),
  manyClients({
    name: "clients-1000000",
    title: "1,000,000 clients, a publication every 60 s",
    clients: 1_000_000,
    everySeconds: 60,
    publications: 2,
  }),
];
