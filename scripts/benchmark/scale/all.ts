import type { Contestant } from "../contestant.js";
import type { Scenario } from "../scenario.js";
import { pharos } from "../servers/pharos.js";
import { largeCrowds } from "./crowds.js";
import { otherTopicsScenarios } from "./other-topics.js";
import { pharosWorkers } from "./pharos-workers.js";

/** One process takes what its descriptors allow; the rest needs workers. */
const pharosAlone: Contestant = {
  ...pharos,
  unable: { workers: "one process may hold 20,000 descriptors" },
};

/** Whom `--scale` measures. */
export const scaleContestants: readonly Contestant[] = Object.freeze([pharosAlone, pharosWorkers]);

/** What it measures. */
export const scaleScenarios: readonly Scenario[] = Object.freeze([...otherTopicsScenarios, ...largeCrowds]);
