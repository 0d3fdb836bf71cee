import type { FaultName } from "../load/load-answers.js";
import type { Measurement } from "../scenarios/measurement.js";
import { spreadOf, type Spread } from "../statistics/spread.js";
import type { Result } from "./report.js";

/** Merges the turns of one candidate in one scenario. */
export function summarise(options: {
  readonly candidate: string;
  readonly turns: readonly Measurement[];
  readonly failures: readonly string[];
}): Result {
  const { candidate, turns, failures } = options;
  if (turns.length === 0)
    return {
      kind: "not-measured",
      candidate,
      reason: [...new Set(failures)].join("; ") || "the run was stopped before this scenario",
    };
  return {
    kind: "measured",
    candidate,
    figures: spreads(turns.map((turn) => turn.figures)),
    faults: sumFaults(turns),
    cores: spreads(turns.map((turn) => turn.cores ?? {})),
    notes: [...new Set(turns.flatMap((turn) => turn.notes ?? []))],
    turns,
    failures,
  };
}

/** The spread of each figure over the turns; all turns have the same figures. */
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
