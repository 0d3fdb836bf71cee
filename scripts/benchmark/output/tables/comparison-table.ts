import type { Report } from "../../report/report.js";
import { aligned } from "./aligned.js";
import { numberText } from "./number-text.js";

/** Medians of both checkouts and their ratio, one row per figure; empty if the run is not a comparison. */
export function comparisonTable({ comparisons = [] }: Report): string {
  if (comparisons.length === 0) return "";
  const rows = comparisons.map(({ scenario, figure, unit, better, base, current, ratio }) => [
    scenario,
    `${figure}, ${unit}`,
    numberText(base),
    numberText(current),
    ratio.toFixed(3),
    better,
  ]);
  return aligned([["scenario", "figure", "base", "this checkout", "ratio", "better"], ...rows]);
}
