import { setTimeout as delay } from "node:timers/promises";
import type { EnvironmentSpec } from "../environment/environment-spec.js";
import type { RunSize } from "./run-size.js";
import type { Scenario } from "./scenario.js";

/** The environment of 10,000 clients that several scenarios share. */
function tenThousand(size: RunSize): EnvironmentSpec {
  return { clients: size.clients(10_000), topics: "one", ids: true };
}

/** The number of streams that open per second, with 400 requests at a time. */
export const openingScenario: Scenario = {
  name: "opening",
  title: "opening 10,000 streams, 400 at a time",
  figures: { perSecond: { title: "streams opened", unit: "/s", better: "more" } },
  environment: tenThousand,
  measure: async ({ opened, spec }) => ({
    figures: { perSecond: spec.clients / (opened.openMicros / 1e6) },
    notes:
      opened.refused === 0
        ? []
        : [`${opened.refused} connections were closed without a response and retried`],
  }),
};

/** Memory of the server's processes per idle client. */
export const memoryScenario: Scenario = {
  name: "idle-memory",
  title: "memory per idle client, 10,000 clients",
  figures: { kib: { title: "server's memory above its start", unit: "KiB", better: "less" } },
  environment: tenThousand,
  measure: async (environment, size) => {
    // Gives the garbage collector time to free the memory that was used for opening.
    await delay(size.seconds(1) * 1000);
    // A server that needs no memory per client may use less memory than before the clients connected.
    const bytes = Math.max(0, environment.memory() - environment.memoryBefore);
    return { figures: { kib: bytes / 1024 / environment.spec.clients } };
  },
};

const withinMs = 60_000;
const missed = 100;

/** All clients reconnect at once, and each has missed a hundred publications. */
export const resumeScenario: Scenario = {
  name: "resume-storm",
  title: "10,000 clients reconnect, each with 100 missed events",
  figures: {
    caughtUp: { title: "until all clients have all", unit: "ms", better: "less" },
    timesOpening: { title: "times as long as opening alone", unit: "×", better: "less" },
  },
  needs: "resume",
  environment: tenThousand,
  measure: async (environment) => {
    await environment.warmUp();
    await environment.loadClients.reset();
    await environment.loadClients.drop();
    // Gives the server time to notice the closed connections, because writes to closed connections would increase the
    // figure.
    await delay(500);
    const published = await environment.publisher.call("publish", { count: missed });
    await delay(500);
    const reopened = await environment.loadClients.reconnect({ within: withinMs });
    const { behind, micros } = await environment.waitUntilDelivered(published, withinMs);
    const { faults } = await environment.loadClients.report();
    if (reopened.open < environment.spec.clients)
      throw new Error(
        `${reopened.open} of ${environment.spec.clients} clients reconnected (last status ${reopened.lastStatus})`,
      );
    if (behind > 0) throw new Error(`${behind} clients did not receive the events that they had missed`);
    const caughtUp = (reopened.micros + micros) / 1000;
    return { figures: { caughtUp, timesOpening: (caughtUp * 1000) / environment.opened.openMicros }, faults };
  },
};
