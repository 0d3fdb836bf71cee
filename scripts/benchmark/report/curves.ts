import type { ScenarioResults, Spread } from "./report.js";

/** One point of a curve as it was measured. */
export interface Measured {
  readonly x: number;
  readonly figures: Readonly<Record<string, Spread>>;
}

/** A curve with the points that were measured, in the order of x. */
export interface MeasuredCurve {
  readonly name: string;
  readonly title: string;
  readonly points: readonly Measured[];
}

/** Puts the points of each curve together; those that were not measured are left out. */
export function curvesOf(scenarios: readonly ScenarioResults[]): readonly MeasuredCurve[] {
  const curves = new Map<string, { name: string; title: string; points: Measured[] }>();
  for (const { point, results } of scenarios) {
    if (point === undefined) continue;
    const curve = curves.get(point.curve) ?? { name: point.curve, title: point.title, points: [] };
    curves.set(point.curve, curve);
    for (const result of results)
      if (result.kind === "measured") curve.points.push({ x: point.x, figures: result.figures });
  }
  for (const { points } of curves.values()) points.sort((a, b) => a.x - b.x);
  return [...curves.values()];
}
