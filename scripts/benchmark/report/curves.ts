import type { Spread } from "../statistics/spread.js";
import type { ScenarioResults } from "./report.js";

/** A measured point of a curve. */
export interface MeasuredPoint {
  readonly x: number;
  readonly figures: Readonly<Record<string, Spread>>;
}

/** A curve with its measured points, by x. */
export interface MeasuredCurve {
  readonly name: string;
  readonly title: string;
  readonly points: readonly MeasuredPoint[];
}

/** Groups the measured points by curve. */
export function curvesOf(scenarios: readonly ScenarioResults[]): readonly MeasuredCurve[] {
  const curves = new Map<string, { name: string; title: string; points: MeasuredPoint[] }>();
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
