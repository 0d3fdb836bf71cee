import { setTimeout as delay } from "node:timers/promises";
import { printFigures } from "../load/figures.js";
import { mixedClients } from "./storm-clients.js";
import type { StormHub } from "./storm-hub.js";
import { storm, stormSeconds } from "./storm.js";
import type { StormFault } from "./storm.js";

/** A history of a few seconds, so that clients which come back later are told of gaps. */
export const smallHistory = { limits: { history: { topicEvents: 500 } } };

export interface StormSite {
  readonly name: string;
  readonly hub: StormHub;
  /** The port for clients. */
  readonly port: () => number;
  readonly faults: readonly StormFault[];
  readonly seed: number;
}

/** The faults of a hub's process. */
export function hubFaults(hub: StormHub): readonly StormFault[] {
  return [
    { name: "hub killed", make: () => hub.restart("SIGKILL") },
    { name: "hub stopped in order", make: () => hub.restart("SIGTERM") },
    { name: "hub paused for 2 s", make: () => hub.pause(2000) },
  ];
}

/** The faults of the hub's workers. A worker that is killed is replaced. */
export function workerFaults(hub: StormHub): readonly StormFault[] {
  const signal = (name: NodeJS.Signals): void => {
    const [worker] = hub.workers;
    if (worker !== undefined) process.kill(worker, name);
  };
  return [
    { name: "worker killed", make: async () => signal("SIGKILL") },
    { name: "worker asked to end", make: async () => signal("SIGTERM") },
    {
      name: "worker paused for 2 s",
      make: async () => {
        signal("SIGSTOP");
        await delay(2000);
        signal("SIGCONT");
      },
    },
  ];
}

/**
 * Clients of all kinds change, lose their connections and resume, while faults come one after the other. Returns the
 * faults of all clients, and what the hub has left behind. Rejects if the hub still holds something for clients.
 */
export async function weather({ name, hub, port, faults, seed }: StormSite): Promise<readonly string[]> {
  const { ingest } = hub;
  const report = await storm({
    seed,
    seconds: stormSeconds,
    port,
    ingest,
    perSecond: 500,
    clients: mixedClients,
    changeMs: 1000,
    cuts: true,
    faults,
  });
  printFigures(`${name}: a storm of ${stormSeconds} s`, [
    `${report.published} publications, ${report.events} events, ${report.gaps} gap events`,
    ...[...report.made].map(([fault, times]) => `${fault}: ${times} times`),
  ]);
  await hub.untilAtRest();
  const quiet = report.events > report.published ? [] : ["clients have received too few events"];
  return [...report.faults, ...quiet, ...(await hub.end())];
}
