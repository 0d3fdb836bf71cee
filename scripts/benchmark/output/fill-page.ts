import { readFileSync, writeFileSync } from "node:fs";
import { targetsTable } from "./tables/targets-table.js";
import type { Report } from "../report/report.js";
import { comparisonTable } from "./tables/comparison-table.js";
import { summaryTable } from "./tables/summary-table.js";
import { machineLines, notMeasured, serverLines } from "./tables/run-lines.js";
import { scenarioTable } from "./tables/scenario-table.js";

/** The parts of a page that a run provides, by name. Different kinds of runs provide different parts. */
export function sectionsOf(report: Report): Readonly<Record<string, string>> {
  const { candidates, scenarios } = report;
  const run = machineLines(report);
  switch (report.kind) {
    case "default":
    case "quick":
      return {
        summary: [run, summaryTable(report), serverLines(candidates)].join("\n\n"),
        targets: targetsTable(report),
      };
    case "scale": {
      const tables = scenarios.map((scenario) => scenarioTable(scenario, candidates).replace("## ", "### "));
      return {
        scale: [run, ...tables, notMeasured(report)].join("\n\n"),
        "scale-targets": targetsTable(report),
      };
    }
    case "curves":
      return { curves: run };
    case "compare":
      return { comparison: [run, comparisonTable(report)].join("\n\n") };
    default:
      return unknownKind(report.kind);
  }
}

/**
 * Replaces the text between the comments `bench:NAME` and `/bench:NAME` for each part. The rest of the page does not
 * change. Throws if a comment is missing.
 */
export function fillSections(page: string, sections: Readonly<Record<string, string>>): string {
  let text = page;
  for (const [name, content] of Object.entries(sections)) {
    const [open, close] = [`<!-- bench:${name} -->\n`, `<!-- /bench:${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`the page has no section ${name}: ${open.trim()} … ${close}`);
    text = `${text.slice(0, from + open.length)}\n${content}\n\n${text.slice(to)}`;
  }
  return text;
}

/** Writes the parts of a run into a page. */
export function fillPage(path: string, report: Report): void {
  writeFileSync(path, fillSections(readFileSync(path, "utf8"), sectionsOf(report)));
}

function unknownKind(kind: never): never {
  throw new TypeError(`unknown kind of run: ${String(kind)}`);
}
