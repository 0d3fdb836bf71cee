import type { Candidate } from "../candidate/candidate.js";
import type { CandidateEntry, ScenarioResults } from "../report/report.js";
import type { RunSize } from "../scenarios/run-size.js";
import type { Scenario } from "../scenarios/scenario.js";

export interface RunOptions {
  readonly candidates: readonly Candidate[];
  readonly scenarios: readonly Scenario[];
  readonly size: RunSize;
  readonly turns: number;
  /** Called before each measurement, and once at the end with `done` equal to `of`. */
  readonly progress: (step: { readonly done: number; readonly of: number; readonly label: string }) => void;
  /** Called with all results so far after each turn of a candidate, so that a stopped run still has results. */
  readonly onPartialResults?: (results: RunResults) => void;
}

export interface RunResults {
  readonly candidates: readonly CandidateEntry[];
  readonly scenarios: readonly ScenarioResults[];
}
