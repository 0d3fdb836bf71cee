import type { Candidate } from "../candidate/candidate.js";
import type { Measurement } from "../scenarios/measurement.js";
import type { Scenario, TurnState } from "../scenarios/scenario.js";

/** All turns of one candidate in one scenario. */
export interface CandidateTurns {
  readonly turns: Measurement[];
  readonly failures: string[];
  readonly state: TurnState;
}

/** The turns of all candidates in all scenarios. */
export class TurnResults {
  readonly #byKey = new Map<string, CandidateTurns>();

  of(candidate: Candidate, scenario: Scenario): CandidateTurns {
    const key = `${candidate.name} ${scenario.name}`;
    const existing = this.#byKey.get(key);
    if (existing !== undefined) return existing;
    const created: CandidateTurns = { turns: [], failures: [], state: new Map() };
    this.#byKey.set(key, created);
    return created;
  }
}

/** Why a candidate cannot run a scenario; `undefined` if the candidate can run the scenario. */
export function unsupportedReason(candidate: Candidate, scenario: Scenario): string | undefined {
  return scenario.needs === undefined ? undefined : candidate.unsupported[scenario.needs];
}
