import { setTimeout as delay } from "node:timers/promises";
import type { Scenario, Scale } from "./scenario.js";
import type { BedSpec } from "../environment/environment.js";

/** The crowd of 10,000 that several scenarios share. */
function tenThousand(scale: Scale): BedSpec {
  return { clients: scale.clients(10_000), topics: "one", ids: true };
}

/** How fast streams open, 400 at a time. */
export const openingScenario: Scenario = {
  name: "opening",
  title: "opening 10,000 streams, 400 at a time",
  figures: { perSecond: { title: "streams opened", unit: "/s", better: "more" } },
  bed: tenThousand,
  measure: async ({ opened, spec }) => ({
    figures: { perSecond: spec.clients / (opened.openMicros / 1e6) },
    notes:
      opened.refused === 0
        ? []
        : [`${opened.refused} connections were ended without an answer and tried again`],
  }),
};

/** What a client that waits costs the server's processes. */
export const memoryScenario: Scenario = {
  name: "idle-memory",
  title: "memory per idle client, 10,000 clients",
  figures: { kib: { title: "server's memory above its start", unit: "KiB", better: "less" } },
  bed: tenThousand,
  measure: async (bed, scale) => {
    // What opening has left behind is collected while nothing happens.
    await delay(scale.seconds(1) * 1000);
    // A server that holds nothing for a client may have a page less by now.
    const bytes = Math.max(0, bed.memory() - bed.memoryBefore);
    return { figures: { kib: bytes / 1024 / bed.spec.clients } };
  },
};

const withinMs = 60_000;
const missed = 100;

/** Everybody comes back at once and has missed a hundred publications. */
export const resumeScenario: Scenario = {
  name: "resume-storm",
  title: "10,000 clients reconnect, each with 100 missed events",
  figures: {
    caughtUp: { title: "until all have all", unit: "ms", better: "less" },
    timesOpening: { title: "times as long as opening alone", unit: "×", better: "less" },
  },
  needs: "resume",
  bed: tenThousand,
  measure: async (bed) => {
    await bed.warmUp();
    await bed.crowd.reset();
    await bed.crowd.drop();
    // The server has to notice that they are gone, or publishing to them disturbs the figure.
    await delay(500);
    const published = await bed.publisher.call("publish", { count: missed });
    await delay(500);
    const reopened = await bed.crowd.reconnect({ within: withinMs });
    const { behind, micros } = await bed.drained(published, withinMs);
    const { faults } = await bed.crowd.report();
    if (reopened.open < bed.spec.clients)
      throw new Error(
        `${reopened.open} of ${bed.spec.clients} came back (last status ${reopened.lastStatus})`,
      );
    if (behind > 0) throw new Error(`${behind} clients did not get what they had missed`);
    const caughtUp = (reopened.micros + micros) / 1000;
    return { figures: { caughtUp, timesOpening: (caughtUp * 1000) / bed.opened.openMicros }, faults };
  },
};
