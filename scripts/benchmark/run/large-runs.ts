import type { Contestant } from "../candidate/candidate.js";
import type { Scenario } from "../scenarios/scenario.js";
import { pharos } from "../servers/pharos.js";
import { largeCrowds } from "../scenarios/large/many-clients.js";
import { otherTopicsScenarios } from "../scenarios/large/other-topics.js";
import { pharosWorkers } from "../servers/pharos-workers.js";

/** One process takes what its descriptors allow; the rest needs workers. */
const pharosAlone: Contestant = {
  ...pharos,
  unable: { workers: "one process may hold 20,000 descriptors" },
};

/** Whom `--scale` measures. */
export const scaleContestants: readonly Contestant[] = Object.freeze([pharosAlone, pharosWorkers]);

/** What it measures. */
export const scaleScenarios: readonly Scenario[] = Object.freeze([...otherTopicsScenarios, ...largeCrowds]);
