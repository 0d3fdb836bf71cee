import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { chartSvg } from "./charts/bar-chart.js";
import { curvesSvg } from "./charts/curve-chart.js";
import { fillPage } from "./fill-page.js";
import type { Report } from "../report/report.js";

/** Where a report is to be kept. */
export interface Keep {
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly page: string | undefined;
}

/** A relative path is meant from where the command was typed. */
export function fromHere(path: string): string {
  return resolve(process.env["BENCH_CWD"] ?? process.cwd(), path);
}

/** Writes the files that were asked for. */
export function saveReport(report: Report, { json, svg, page }: Keep): void {
  if (json !== undefined) writeFileSync(fromHere(json), `${JSON.stringify(report, null, 2)}\n`);
  if (svg !== undefined)
    writeFileSync(fromHere(svg), report.kind === "curves" ? curvesSvg(report) : chartSvg(report));
  if (page !== undefined) fillPage(fromHere(page), report);
}
