import { writeFileSync } from "node:fs";
import { resolveUserPath } from "../machine/paths.js";
import type { Report } from "../report/report.js";
import { barChartSvg } from "./charts/bar-chart.js";
import { curveChartSvg } from "./charts/curve-chart.js";
import { fillPage } from "./fill-page.js";

/** Paths of the files to write. */
export interface OutputFiles {
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly page: string | undefined;
}

/** Writes the files that the options name. */
export function saveReport(report: Report, { json, svg, page }: OutputFiles): void {
  if (json !== undefined) writeFileSync(resolveUserPath(json), `${JSON.stringify(report, null, 2)}\n`);
  if (svg !== undefined)
    writeFileSync(
      resolveUserPath(svg),
      report.kind === "curves" ? curveChartSvg(report) : barChartSvg(report),
    );
  if (page !== undefined) fillPage(resolveUserPath(page), report);
}
