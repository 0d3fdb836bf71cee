import { baseName } from "../servers/pharos-checkout.js";
import type { Comparison } from "./comparison.js";
import type { MeasuredResult, ScenarioResults } from "./report.js";

/** Compares every figure that both checkouts have. */
export function comparisonsOf(scenarios: readonly ScenarioResults[]): readonly Comparison[] {
  return scenarios.flatMap(({ name, figures, results }) => {
    const base = measuredOf(results, baseName);
    const current = measuredOf(results, "pharos");
    if (base === undefined || current === undefined) return [];
    return Object.entries(figures).flatMap(([figure, { unit, better }]) => {
      const [before, now] = [base.figures[figure]?.median, current.figures[figure]?.median];
      if (before === undefined || now === undefined || before === 0) return [];
      return [{ scenario: name, figure, unit, better, base: before, current: now, ratio: now / before }];
    });
  });
}

function measuredOf(results: ScenarioResults["results"], candidate: string): MeasuredResult | undefined {
  const result = results.find((one) => one.candidate === candidate);
  return result?.kind === "measured" ? result : undefined;
}
