import * as fc from "fast-check";
import { MovesRun } from "./moves-run.js";
import type { MovesWorld } from "./moves-run.js";
import { firstClients, step } from "./moves-steps.js";

/** The fronts, each with a long history and with one that evicts publications while clients still need them. */
export const movesWorlds: readonly (readonly [name: string, world: MovesWorld])[] = [
  ["a worker", { front: "worker", limits: { heartbeatMs: 400, roundBytes: 2000 } }],
  [
    "a worker, a short history",
    { front: "worker", limits: { heartbeatMs: 400, roundBytes: 600 }, history: { topicEvents: 3 } },
  ],
  [
    "Mongrel2",
    { front: "mongrel2", limits: { heartbeatMs: 400, roundBytes: 600 }, history: { topicEvents: 6 } },
  ],
  [
    "Mongrel2 with credits",
    {
      front: "mongrel2 with credits",
      limits: { heartbeatMs: 400, roundBytes: 600 },
      history: { topicEvents: 6 },
    },
  ],
  [
    "the hub's own process",
    { front: "http", limits: { heartbeatMs: 400, roundBytes: 600 }, history: { topicEvents: 6 } },
  ],
];

/**
 * Two WebSockets share a cohort, so that one can leave the other alone in it. Each other connection has a cohort of its
 * own, which ends when the connection moves.
 */
const webSockets = [["a", "b"], ["a", "b"], ["+"]].map((filters) => ({
  transport: "web-socket" as const,
  filters,
}));

/**
 * Runs this many interleavings of clients, publishers, messages and turns. Returns the report on the first fault, with
 * its steps shrunk; undefined if there is no fault.
 */
export async function faultOfMoves(
  world: MovesWorld,
  { seed, interleavings }: { readonly seed: number; readonly interleavings: number },
): Promise<string | undefined> {
  const steps = fc.array(step, { minLength: 40, maxLength: 160, size: "max" });
  const property = fc.asyncProperty(firstClients, steps, async (clients, all) => {
    const run = new MovesRun(world);
    await run.begin([...webSockets, ...clients]);
    for (const one of all) await run.run(one);
    const faults = await run.finish();
    if (faults.length > 0) throw new Error(faults.join("\n"));
  });
  return await fc.asyncDefaultReportMessage(
    await fc.check(property, { seed, numRuns: interleavings, includeErrorInReport: true }),
  );
}
