import type { CandidateEntry, MeasuredResult, ScenarioResults } from "../../report/report.js";
import type { FigureSpec } from "../../scenarios/scenario.js";
import { aligned } from "./aligned.js";
import { numberText } from "./number-text.js";
import { spreadText } from "./spread-text.js";
import { titleOf } from "./title-of.js";

/** One scenario: one row per server, and remarks below the table. */
export function scenarioTable(scenario: ScenarioResults, candidates: readonly CandidateEntry[]): string {
  const specs = Object.entries(scenario.figures);
  const head = ["", ...specs.map(([, spec]) => `${spec.title}, ${spec.unit}`), "lost or wrong"];
  const measured = scenario.results.flatMap((result) => (result.kind === "measured" ? [result] : []));
  if (measured.length === 0) return `## ${scenario.title}\n\nnot measured`;
  const rows = measured.map((result) => row(result, specs, titleOf(candidates, result.candidate)));
  const remarks = measured.flatMap((result) => remarksOn(result, titleOf(candidates, result.candidate)));
  return [`## ${scenario.title}\n\n${aligned([head, ...rows])}`, ...remarks].join("\n");
}

function row(
  result: MeasuredResult,
  specs: readonly (readonly [string, FigureSpec])[],
  title: string,
): string[] {
  const cells = specs.map(([name]) => spreadText(result.figures[name]));
  const faults = Object.entries(result.faults).map(([name, count]) => `${numberText(count)} ${name}`);
  const failures = result.failures.length === 0 ? [] : [`${result.failures.length} turns failed`];
  return [title, ...cells, [...faults, ...failures].join("; ") || "nothing"];
}

/** CPU use, notes and errors of a server. */
function remarksOn(result: MeasuredResult, title: string): string[] {
  const cores = Object.entries(result.cores).map(([name, { median }]) => `${name} ${median.toFixed(2)}`);
  const used = cores.length === 0 ? [] : [`cores used: ${cores.join(", ")}`];
  const remarks = [...used, ...result.notes, ...new Set(result.failures)];
  return remarks.length === 0 ? [] : [`\n${title}: ${remarks.join("; ")}`];
}
