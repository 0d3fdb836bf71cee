import type { Scenario } from "./scenario.js";
import { burstScenario } from "./burst.js";
import { memoryScenario, openingScenario, resumeScenario } from "./connections.js";
import { delayScenarios, largeDelayScenario, topicsScenario } from "./delay.js";
import { roundTripScenario } from "./round-trip.js";
import { saturationScenario } from "./saturation.js";

/**
 * The scenarios of a run. Scenarios with equal environment specs share one environment. Scenarios after which the
 * environment may be unusable are last.
 */
export const scenarios: readonly Scenario[] = Object.freeze([
  roundTripScenario,
  ...delayScenarios,
  burstScenario,
  saturationScenario,
  openingScenario,
  memoryScenario,
  largeDelayScenario,
  resumeScenario,
  topicsScenario,
]);
