import type { FaultName } from "../load/load-answers.js";
import type { Machine } from "../machine/machine.js";
import type { CurvePoint, FigureSpec, Measurement } from "../scenarios/scenario.js";

/** Over the turns of a run. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** What one contestant did in one scenario. */
export type Result =
  | {
      readonly kind: "measured";
      readonly contestant: string;
      readonly figures: Readonly<Record<string, Spread>>;
      /** All turns together; those that are zero are left out. */
      readonly faults: Readonly<Partial<Record<FaultName, number>>>;
      /** Processor time a second of each part; empty where nobody looked. */
      readonly cores: Readonly<Record<string, Spread>>;
      readonly notes: readonly string[];
      readonly turns: readonly Measurement[];
      /** Why some of its turns gave nothing. */
      readonly failures: readonly string[];
    }
  | { readonly kind: "not-measured"; readonly contestant: string; readonly reason: string };

export interface ScenarioResults {
  readonly name: string;
  readonly title: string;
  readonly point?: CurvePoint | undefined;
  readonly figures: Readonly<Record<string, FigureSpec>>;
  readonly results: readonly Result[];
}

export type ContestantEntry =
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
  /** Raised when a field changes its meaning. */
  readonly schema: 1;
  readonly kind: "default" | "quick" | "scale" | "curves";
  /** False when it was stopped before its end: some has fewer turns, or none. */
  readonly finished: boolean;
  readonly startedAt: string;
  readonly seconds: number;
  readonly turns: number;
  readonly payloadBytes: number;
  readonly machine: Machine;
  readonly contestants: readonly ContestantEntry[];
  readonly scenarios: readonly ScenarioResults[];
}

/** Median, least and most. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const [low = 0, high = 0] = [sorted[Math.floor(middle)], sorted[Math.ceil(middle)]];
  return { median: (low + high) / 2, min: sorted[0] ?? 0, max: sorted.at(-1) ?? 0 };
}

/** Puts the turns of one contestant in one scenario together. */
export function summarise(options: {
  readonly contestant: string;
  readonly turns: readonly Measurement[];
  readonly failures: readonly string[];
}): Result {
  const { contestant, turns, failures } = options;
  if (turns.length === 0)
    return {
      kind: "not-measured",
      contestant,
      reason: [...new Set(failures)].join("; ") || "it did not come to it",
    };
  return {
    kind: "measured",
    contestant,
    figures: spreads(turns.map((turn) => turn.figures)),
    faults: sumFaults(turns),
    cores: spreads(turns.map((turn) => turn.cores ?? {})),
    notes: [...new Set(turns.flatMap((turn) => turn.notes ?? []))],
    turns,
    failures,
  };
}

/** The spread of each name over the turns; all have the same names. */
function spreads(turns: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, Spread>> {
  const names = Object.keys(turns[0] ?? {});
  return Object.fromEntries(names.map((name) => [name, spreadOf(turns.map((turn) => turn[name] ?? 0))]));
}

function sumFaults(turns: readonly Measurement[]): Partial<Record<FaultName, number>> {
  const sums: Partial<Record<FaultName, number>> = {};
  for (const turn of turns)
    for (const [name, count] of Object.entries(turn.faults ?? {}) as [FaultName, number][])
      if (count > 0) sums[name] = (sums[name] ?? 0) + count;
  return sums;
}
