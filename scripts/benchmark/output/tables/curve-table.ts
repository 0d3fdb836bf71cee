import type { MeasuredCurve } from "../../report/curves.js";
import type { ScenarioResults } from "../../report/report.js";
import { aligned } from "./aligned.js";
import { spreadText } from "./spread-text.js";

/** One curve: one row per point. */
export function curveTable(
  { name, title, points }: MeasuredCurve,
  scenarios: readonly ScenarioResults[],
): string {
  const specs = Object.entries(scenarios.find(({ point }) => point?.curve === name)?.figures ?? {});
  const head = [name, ...specs.map(([, spec]) => `${spec.title}, ${spec.unit}`)];
  const rows = points.map(({ x, figures }) => [
    x.toLocaleString("en"),
    ...specs.map(([figure]) => spreadText(figures[figure])),
  ]);
  return `## ${title}\n\n${aligned([head, ...rows])}`;
}
