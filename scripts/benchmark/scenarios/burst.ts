import { slowMs, slowNote } from "./measurement.js";
import type { Scenario } from "./scenario.js";

const withinMs = 40_000;

/** A thousand publications without a pause. */
export const burstScenario: Scenario = {
  name: "burst-1000",
  title: "a burst of 1,000 publications to 1,000 clients",
  figures: { all: { title: "until all clients have all", unit: "ms", better: "less" } },
  environment: (size) => ({ clients: size.clients(1000), topics: "one", ids: false }),
  measure: async (environment, size) => {
    await environment.warmUp();
    await environment.loadClients.reset();
    const from = performance.now();
    const published = await environment.publisher.call("publish", { count: size.clients(1000) });
    const { behind } = await environment.waitUntilDelivered(published, withinMs);
    const ms = performance.now() - from;
    const { faults } = await environment.loadClients.report();
    if (behind > 0)
      throw new Error(`after ${withinMs / 1000} s ${behind} clients had not received everything`);
    return ms > slowMs
      ? { figures: { all: ms }, faults, once: true, notes: [slowNote] }
      : { figures: { all: ms }, faults };
  },
};
