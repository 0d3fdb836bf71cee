import type { FaultName } from "../load/load-answers.js";
import type { Machine } from "../machine/machine.js";
import type { Measurement } from "../scenarios/measurement.js";
import type { CurvePoint, FigureSpec } from "../scenarios/scenario.js";
import type { Spread } from "../statistics/spread.js";
import type { Comparison } from "./comparison.js";

/** The result of one candidate in one scenario. */
export type Result =
  | {
      readonly kind: "measured";
      readonly candidate: string;
      readonly figures: Readonly<Record<string, Spread>>;
      /** Sums over all turns. Sums of zero are omitted. */
      readonly faults: Readonly<Partial<Record<FaultName, number>>>;
      /** CPU cores used by each part; empty if the CPU time was not measured. */
      readonly cores: Readonly<Record<string, Spread>>;
      readonly notes: readonly string[];
      readonly turns: readonly Measurement[];
      /** The errors of turns that failed. */
      readonly failures: readonly string[];
    }
  | { readonly kind: "not-measured"; readonly candidate: string; readonly reason: string };

export type MeasuredResult = Extract<Result, { kind: "measured" }>;

export interface ScenarioResults {
  readonly name: string;
  readonly title: string;
  readonly point?: CurvePoint | undefined;
  readonly figures: Readonly<Record<string, FigureSpec>>;
  readonly results: readonly Result[];
}

export type CandidateEntry =
  | {
      readonly kind: "present";
      readonly name: string;
      readonly title: string;
      readonly version: string;
      readonly settings: readonly string[];
    }
  | { readonly kind: "left-out"; readonly name: string; readonly title: string; readonly reason: string };

/** The JSON file of a run. */
export interface Report {
  /** The version number of the format. The number increases when the name or the meaning of a field changes. */
  readonly schema: 2;
  readonly kind: "default" | "quick" | "scale" | "curves" | "compare";
  /** False if the user stopped the run: some results then have fewer turns, or no turns. */
  readonly finished: boolean;
  readonly startedAt: string;
  readonly seconds: number;
  readonly turns: number;
  readonly payloadBytes: number;
  readonly machine: Machine;
  readonly candidates: readonly CandidateEntry[];
  readonly scenarios: readonly ScenarioResults[];
  /** Present only in a run with `--compare`. */
  readonly comparisons?: readonly Comparison[] | undefined;
}
