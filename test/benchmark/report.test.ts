import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chartSvg } from "../../scripts/benchmark/output/charts/bar-chart.js";
import { goalsTable } from "../../scripts/benchmark/output/tables/targets-table.js";
import { parseReport } from "../../scripts/benchmark/report/read-report.js";
import { numberText } from "../../scripts/benchmark/output/tables/number-text.js";
import { filled, sectionsOf } from "../../scripts/benchmark/output/fill-page.js";
import { root } from "../../scripts/benchmark/machine/paths.js";
import { spreadOf, summarise, type Report } from "../../scripts/benchmark/report/report.js";
import { summaryTable } from "../../scripts/benchmark/output/tables/summary-table.js";
import { reportText } from "../../scripts/benchmark/output/tables/report-text.js";

test.each([
  { values: [3], spread: { median: 3, min: 3, max: 3 } },
  { values: [5, 1, 3], spread: { median: 3, min: 1, max: 5 } },
  { values: [4, 1], spread: { median: 2.5, min: 1, max: 4 } },
])("turns of $values are told by their median, least and most", ({ values, spread }) => {
  expect(spreadOf(values)).toEqual(spread);
});

test.each([
  { value: 2_134_567, text: "2,130,000" },
  { value: 13.64, text: "13.6" },
  { value: 0.2123, text: "0.212" },
  { value: 0, text: "0" },
  { value: 999.6, text: "1,000" },
])("$value is written as $text", ({ value, text }) => {
  expect(numberText(value)).toBe(text);
});

const faultless = { missed: 0, repeated: 0, disordered: 0, foreign: 0, corrupt: 0, closed: 0 };

test("faults of all turns are added up, and turns that failed stay visible", () => {
  const turns = [
    { figures: { p50: 1 }, faults: { ...faultless, missed: 2 } },
    { figures: { p50: 3 }, faults: { ...faultless, missed: 1, closed: 4 }, notes: ["slow"] },
  ];
  expect(summarise({ contestant: "a", turns, failures: ["it ended"] })).toMatchObject({
    kind: "measured",
    figures: { p50: { median: 2, min: 1, max: 3 } },
    faults: { missed: 3, closed: 4 },
    notes: ["slow"],
    failures: ["it ended"],
  });
});

test("a scenario in which every turn failed is not measured, for the reason of the turns", () => {
  const failures = ["it ended", "it ended"];
  expect(summarise({ contestant: "a", turns: [], failures })).toEqual({
    kind: "not-measured",
    contestant: "a",
    reason: "it ended",
  });
});

const report: Report = {
  schema: 1,
  kind: "default",
  finished: true,
  startedAt: "2026-01-02T03:04:05.000Z",
  seconds: 600,
  turns: 3,
  payloadBytes: 200,
  machine: { cpu: "A < B", cores: 2, memoryGib: 24, kernel: "Linux", node: "v20", loadBefore: 0.5 },
  contestants: [
    { kind: "present", name: "pharos", title: "Pharos", version: "1", settings: ["as it comes"] },
    { kind: "present", name: "slow", title: "Slow", version: "2", settings: [] },
    { kind: "left-out", name: "gone", title: "Gone", reason: "it is not installed" },
  ],
  scenarios: [
    {
      name: "saturation",
      title: "saturation",
      figures: { deliveries: { title: "deliveries", unit: "/s", better: "more" } },
      results: [
        measured("pharos", 3_000_000, {}),
        measured("slow", 30_000, { missed: 7 }),
        { kind: "not-measured", contestant: "gone", reason: "it is not installed" },
      ],
    },
  ],
};

function measured(contestant: string, deliveries: number, faults: { missed?: number }) {
  const figures = { deliveries: spreadOf([deliveries]) };
  return {
    kind: "measured" as const,
    contestant,
    figures,
    faults,
    cores: {},
    notes: [],
    turns: [],
    failures: [],
  };
}

test("the table names the machine, what was lost, who was left out and why", () => {
  const text = reportText(report);
  expect(text).toContain("A < B, 2 cores, 24 GiB, Linux, Node v20");
  expect(text).toMatch(/\| Pharos +\| 3,000,000 +\| nothing/);
  expect(text).toMatch(/\| Slow +\| 30,000 +\| 7 missed/);
  expect(text).toContain("- Gone: left out, it is not installed");
  expect(text).toContain("- Gone, saturation: it is not installed");
});

test("a run that was stopped says so above its table", () => {
  expect(reportText({ ...report, finished: false })).toMatch(/^Stopped before its end\.\n/);
  expect(reportText(report)).not.toContain("Stopped");
});

test("the summary has a row for each server that was there, and marks what was lost", () => {
  const rows = summaryTable(report).split("\n");
  expect(rows[2]).toMatch(/^\| Pharos +\| 3,000,000 +\|$/);
  expect(rows[3]).toMatch(/^\| Slow +\| 30,000 \* +\|$/);
  expect(rows[5]).toMatch(/^\\\* something was lost/);
  expect(summaryTable({ ...report, scenarios: [] })).toBe("");
});

test("a report that was kept is read again as it was, and anything else is refused", () => {
  expect(parseReport(JSON.stringify(report))).toEqual(report);
  expect(() => parseReport('{"schema":2}')).toThrow("schema");
});

test("goals that a run measured stand beside what came of them", () => {
  const table = goalsTable({
    ...report,
    scenarios: [
      ...report.scenarios,
      {
        name: "idle-memory",
        title: "memory",
        figures: {},
        results: [{ ...measured("pharos", 0, {}), figures: { kib: spreadOf([5]) } }],
      },
    ],
  });
  expect(table).toMatch(
    /\| saturated deliveries\/s, 1,000 clients, Pharos alone +\|.*3,000,000, nothing lost +\| no /,
  );
  expect(table).toMatch(/\| memory per idle client.*\| 5\.12 KB +\| yes /);
  expect(table).not.toContain("resume storm");
});

test("a page takes its parts between its marks, again and again, and keeps the rest", () => {
  const page = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n";
  const once = filled(page, { x: "new" });
  expect(once).toBe("a\n<!-- bench:x -->\n\nnew\n\n<!-- /bench:x -->\nb\n");
  expect(filled(once, { x: "new" })).toBe(once);
  expect(() => filled(page, { y: "new" })).toThrow("no place for y");
});

test("docs/PERFORMANCE.md has a place for everything that runs give", () => {
  const page = readFileSync(join(root, "docs", "PERFORMANCE.md"), "utf8");
  for (const kind of ["default", "scale", "curves"] as const)
    expect(filled(page, sectionsOf({ ...report, kind }))).toContain("A < B, 2 cores");
});

test("the chart has a bar for each that was measured, longer for more, and escapes what it writes", () => {
  const svg = chartSvg(report);
  const bars = [...svg.matchAll(/<rect class="(\w+)" [^>]*width="(\d+)"/g)];
  expect(bars.map(([, kind]) => kind)).toEqual(["own", "peer"]);
  expect(Number(bars[0]?.[2])).toBeGreaterThan(Number(bars[1]?.[2]));
  expect(svg).toContain("A &lt; B");
  expect(svg).toContain("prefers-color-scheme: dark");
});
