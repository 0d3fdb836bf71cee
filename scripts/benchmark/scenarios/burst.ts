import { slowMs, slowNote, type Scenario } from "./scenario.js";

const withinMs = 40_000;

/** A thousand publications back to back. */
export const burstScenario: Scenario = {
  name: "burst-1000",
  title: "a burst of 1,000 publications to 1,000 clients",
  figures: { all: { title: "until all have all", unit: "ms", better: "less" } },
  bed: (scale) => ({ clients: scale.clients(1000), topics: "one", ids: false }),
  measure: async (bed, scale) => {
    await bed.warmUp();
    await bed.crowd.reset();
    const from = performance.now();
    const published = await bed.publisher.call("publish", { count: scale.clients(1000) });
    const { behind } = await bed.drained(published, withinMs);
    const ms = performance.now() - from;
    const { faults } = await bed.crowd.report();
    if (behind > 0) throw new Error(`after ${withinMs / 1000} s ${behind} clients had not everything`);
    return ms > slowMs
      ? { figures: { all: ms }, faults, once: true, notes: [slowNote] }
      : { figures: { all: ms }, faults };
  },
};
