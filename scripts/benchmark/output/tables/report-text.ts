import { curvesOf } from "../../report/curves.js";
import type { Report } from "../../report/report.js";
import { comparisonTable } from "./comparison-table.js";
import { curveTable } from "./curve-table.js";
import { machineLines, notMeasured, serverLines } from "./run-lines.js";
import { scenarioTable } from "./scenario-table.js";
import { summaryTable } from "./summary-table.js";

/** The whole report as Markdown: machine, comparison, servers, figures, and what was not measured. */
export function reportText(report: Report): string {
  const { finished, candidates, scenarios } = report;
  return [
    ...(finished ? [] : ["Stopped before its end."]),
    machineLines(report),
    ...[comparisonTable(report), summaryTable(report)].filter((text) => text !== ""),
    serverLines(candidates),
    ...scenarios
      .filter(({ point }) => point === undefined)
      .map((scenario) => scenarioTable(scenario, candidates)),
    ...curvesOf(scenarios).map((curve) => curveTable(curve, scenarios)),
    notMeasured(report),
  ].join("\n\n");
}
