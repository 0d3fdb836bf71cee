import { aligned } from "./aligned.js";
import { curvesOf, type MeasuredCurve } from "../../report/curves.js";
import { numberText } from "./number-text.js";
import type { ContestantEntry, Report, Result, ScenarioResults, Spread } from "../../report/report.js";
import type { FigureSpec } from "../../scenarios/scenario.js";
import { summaryTable } from "./summary-table.js";

/** The whole report as text that can stand in a Markdown page: machine, servers, figures, and what was not measured. */
export function reportText(report: Report): string {
  return [
    ...(report.finished ? [] : ["Stopped before its end."]),
    machineLines(report),
    ...[summaryTable(report)].filter((text) => text !== ""),
    contestantLines(report.contestants),
    ...report.scenarios
      .filter(({ point }) => point === undefined)
      .map((scenario) => scenarioTable(scenario, report.contestants)),
    ...curvesOf(report.scenarios).map((curve) => curveTable(curve, report.scenarios)),
    notMeasured(report),
  ].join("\n\n");
}

/** The machine and the run. */
export function machineLines({ machine, turns, payloadBytes, seconds, startedAt }: Report): string {
  const { cpu, cores, memoryGib, kernel, node, loadBefore } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGib} GiB, ${kernel}, Node ${node}; load before the run ${loadBefore.toFixed(2)}`,
    `${startedAt}, ${Math.round(seconds / 60)} minutes, ${turns} turns each, ${payloadBytes} bytes a publication;` +
      " clients, publisher and server on the same cores. Medians, in brackets the least and the most.",
  ].join("\n");
}

/** Who took part, with version and settings, or why not. */
export function contestantLines(contestants: readonly ContestantEntry[]): string {
  const lines = contestants.map((entry) =>
    entry.kind === "left-out"
      ? `- ${entry.title}: left out, ${entry.reason}`
      : `- ${entry.title} (${entry.version}): ${entry.settings.join("; ")}`,
  );
  return ["Servers:", ...lines].join("\n");
}

/** One scenario: a row a server, and below the remarks that belong to it. */
export function scenarioTable(scenario: ScenarioResults, contestants: readonly ContestantEntry[]): string {
  const specs = Object.entries(scenario.figures);
  const head = ["", ...specs.map(([, spec]) => `${spec.title}, ${spec.unit}`), "lost or wrong"];
  const rows = scenario.results.flatMap((result) =>
    result.kind === "measured" ? [row(result, specs, titleOf(contestants, result.contestant))] : [],
  );
  if (rows.length === 0) return `## ${scenario.title}\n\nnot measured`;
  const remarks = scenario.results.flatMap((result) =>
    result.kind === "measured" ? remarksOn(result, titleOf(contestants, result.contestant)) : [],
  );
  return [`## ${scenario.title}\n\n${aligned([head, ...rows])}`, ...remarks].join("\n");
}

/** One row a point, each with its figures. */
function curveTable({ name, title, points }: MeasuredCurve, scenarios: readonly ScenarioResults[]): string {
  const specs = Object.entries(scenarios.find(({ point }) => point?.curve === name)?.figures ?? {});
  const head = [name, ...specs.map(([, spec]) => `${spec.title}, ${spec.unit}`)];
  const rows = points.map(({ x, figures }) => [
    x.toLocaleString("en"),
    ...specs.map(([figure]) => spreadText(figures[figure])),
  ]);
  return `## ${title}\n\n${aligned([head, ...rows])}`;
}

/** What has to be said below the table to be honest. */
function remarksOn(result: Extract<Result, { kind: "measured" }>, title: string): string[] {
  const cores = Object.entries(result.cores).map(([name, { median }]) => `${name} ${median.toFixed(2)}`);
  const used = cores.length === 0 ? [] : [`cores used: ${cores.join(", ")}`];
  const remarks = [...used, ...result.notes, ...new Set(result.failures)];
  return remarks.length === 0 ? [] : [`\n${title}: ${remarks.join("; ")}`];
}

function row(
  result: Extract<Result, { kind: "measured" }>,
  specs: readonly (readonly [string, FigureSpec])[],
  title: string,
): string[] {
  const cells = specs.map(([name]) => spreadText(result.figures[name]));
  const faults = Object.entries(result.faults).map(([name, count]) => `${numberText(count)} ${name}`);
  const failures = result.failures.length === 0 ? [] : [`${result.failures.length} turns failed`];
  return [title, ...cells, [...faults, ...failures].join("; ") || "nothing"];
}

function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return "";
  const { median, min, max } = spread;
  return min === max
    ? numberText(median)
    : `${numberText(median)} (${numberText(min)} to ${numberText(max)})`;
}

/** Each reason once, with whom and what it holds for. */
export function notMeasured({ scenarios, contestants }: Report): string {
  const lines = scenarios.flatMap((scenario) =>
    scenario.results.flatMap((result) =>
      result.kind === "not-measured"
        ? [`- ${titleOf(contestants, result.contestant)}, ${scenario.title}: ${result.reason}`]
        : [],
    ),
  );
  return lines.length === 0 ? "Everything was measured." : ["Not measured:", ...lines].join("\n");
}

function titleOf(contestants: readonly ContestantEntry[], name: string): string {
  return contestants.find((entry) => entry.name === name)?.title ?? name;
}
