import { readFileSync, writeFileSync } from "node:fs";
import { goalsTable } from "./tables/targets-table.js";
import type { Report } from "../report/report.js";
import { summaryTable } from "./tables/summary-table.js";
import { contestantLines, machineLines, notMeasured, scenarioTable } from "./tables/report-text.js";

/** The parts of a page that come from a run, by their names: which there are depends on the kind of run. */
export function sectionsOf(report: Report): Readonly<Record<string, string>> {
  const { contestants, scenarios } = report;
  const run = machineLines(report);
  switch (report.kind) {
    case "default":
    case "quick":
      return {
        summary: [run, summaryTable(report), contestantLines(contestants)].join("\n\n"),
        goals: goalsTable(report),
      };
    case "scale": {
      const tables = scenarios.map((scenario) => scenarioTable(scenario, contestants).replace("## ", "### "));
      return {
        scale: [run, ...tables, notMeasured(report)].join("\n\n"),
        "scale-goals": goalsTable(report),
      };
    }
    case "curves":
      return { curves: run };
    default:
      return unknownKind(report.kind);
  }
}

/**
 * Puts each part between its two marks, comments that read `bench:NAME` and `/bench:NAME`, and leaves the rest of the
 * page as it is. Throws when a mark is missing.
 */
export function filled(page: string, sections: Readonly<Record<string, string>>): string {
  let text = page;
  for (const [name, content] of Object.entries(sections)) {
    const [open, close] = [`<!-- bench:${name} -->\n`, `<!-- /bench:${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from)
      throw new Error(`the page has no place for ${name}: ${open.trim()} … ${close}`);
    text = `${text.slice(0, from + open.length)}\n${content}\n\n${text.slice(to)}`;
  }
  return text;
}

/** Writes what a run gave into a page. */
export function fillPage(path: string, report: Report): void {
  writeFileSync(path, filled(readFileSync(path, "utf8"), sectionsOf(report)));
}

function unknownKind(kind: never): never {
  throw new TypeError(`no such kind of run: ${String(kind)}`);
}
