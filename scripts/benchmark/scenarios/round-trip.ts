import type { Scenario } from "./scenario.js";

/** One publisher publishes, waits until the publication arrives, then publishes the next. */
export const roundTripScenario: Scenario = {
  name: "round-trip",
  title: "one publisher that waits for its own event, one client",
  figures: {
    p50: { title: "median", unit: "ms", better: "less" },
    p99: { title: "p99", unit: "ms", better: "less" },
  },
  environment: () => ({ clients: 0, topics: "one", ids: false }),
  measure: async (environment, size) => {
    const { port, client } = environment.server;
    const trips = await environment.publisher.call("roundTrips", {
      port,
      client,
      count: size.quick ? 20 : 500,
    });
    const sorted = trips.toSorted((a, b) => a - b);
    const at = (share: number): number => (sorted[Math.ceil(sorted.length * share) - 1] ?? 0) / 1000;
    return { figures: { p50: at(0.5), p99: at(0.99) } };
  },
};
