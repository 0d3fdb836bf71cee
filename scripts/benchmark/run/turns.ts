import type { Candidate } from "../candidate/candidate.js";
import type { EnvironmentSpec } from "../environment/environment-spec.js";
import type { Environment } from "../environment/environment.js";
import { openEnvironment } from "../environment/open-environment.js";
import type { RunSize } from "../scenarios/run-size.js";
import type { Scenario } from "../scenarios/scenario.js";
import type { RunOptions } from "./run-options.js";
import { TurnResults, unsupportedReason } from "./turn-results.js";

/** Scenarios that use the same environment. */
interface ScenarioGroup {
  readonly spec: EnvironmentSpec;
  readonly scenarios: readonly Scenario[];
}

/** Runs the turns of each candidate in each group of scenarios. */
export class Turns {
  readonly #options: RunOptions;
  readonly #results = new TurnResults();
  readonly #onTurn: (results: TurnResults) => void;
  #done = 0;
  #of = 0;

  constructor(options: RunOptions, onTurn: (results: TurnResults) => void) {
    this.#options = options;
    this.#onTurn = onTurn;
  }

  async run(): Promise<TurnResults> {
    const { candidates, scenarios, size, turns, progress } = this.#options;
    this.#of = turns * candidates.length * scenarios.length;
    for (const group of groupsOf(scenarios, size))
      for (let turn = 0; turn < turns; turn++)
        for (const candidate of orderOf(candidates, turn)) {
          await this.#measureGroup(candidate, group);
          this.#onTurn(this.#results);
        }
    progress({ done: this.#of, of: this.#of, label: "done" });
    return this.#results;
  }

  /**
   * One candidate's turn in the scenarios of a group. If the environment is unusable after a scenario, the method
   * replaces the environment.
   */
  async #measureGroup(candidate: Candidate, { spec, scenarios }: ScenarioGroup): Promise<void> {
    let environment: Environment | undefined;
    for (const scenario of scenarios) {
      const label = `${candidate.title}: ${scenario.title}`;
      this.#options.progress({ done: this.#done, of: this.#of, label });
      this.#done += 1;
      if (unsupportedReason(candidate, scenario) !== undefined) continue;
      const { turns, failures, state } = this.#results.of(candidate, scenario);
      if (turns.some(({ once }) => once === true)) continue;
      try {
        environment ??= await openEnvironment(candidate, spec);
        turns.push(await scenario.measure(environment, this.#options.size, state));
      } catch (error) {
        failures.push(error instanceof Error ? error.message : String(error));
      }
      environment = await usable(environment);
    }
    await environment?.close();
  }
}

/** With two candidates, the order changes in each turn, because the machine is busier at the start of a run. */
function orderOf(candidates: readonly Candidate[], turn: number): readonly Candidate[] {
  return candidates.length === 2 && turn % 2 === 1 ? candidates.toReversed() : candidates;
}

/** Returns the environment if it is usable. Otherwise closes the environment and returns undefined. */
async function usable(environment: Environment | undefined): Promise<Environment | undefined> {
  if (environment === undefined) return undefined;
  const reason = await environment.unusableReason().catch((error: unknown) => String(error));
  if (reason === undefined) return environment;
  await environment.close();
  return undefined;
}

function groupsOf(scenarios: readonly Scenario[], size: RunSize): readonly ScenarioGroup[] {
  const groups = new Map<string, { spec: EnvironmentSpec; scenarios: Scenario[] }>();
  for (const scenario of scenarios) {
    const spec = scenario.environment(size);
    const key = JSON.stringify(spec);
    const group = groups.get(key) ?? { spec, scenarios: [] };
    group.scenarios.push(scenario);
    groups.set(key, group);
  }
  return [...groups.values()];
}
