import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { barChartSvg } from "../../scripts/benchmark/output/charts/bar-chart.js";
import { targetsTable } from "../../scripts/benchmark/output/tables/targets-table.js";
import { parseReport } from "../../scripts/benchmark/report/read-report.js";
import { numberText } from "../../scripts/benchmark/output/tables/number-text.js";
import { fillSections, sectionsOf } from "../../scripts/benchmark/output/fill-page.js";
import { root } from "../../scripts/benchmark/machine/paths.js";
import type { Report } from "../../scripts/benchmark/report/report.js";
import { summarise } from "../../scripts/benchmark/report/summarise.js";
import { spreadOf } from "../../scripts/benchmark/statistics/spread.js";
import { summaryTable } from "../../scripts/benchmark/output/tables/summary-table.js";
import { reportText } from "../../scripts/benchmark/output/tables/report-text.js";

test.each([
  { values: [3], spread: { median: 3, min: 3, max: 3 } },
  { values: [5, 1, 3], spread: { median: 3, min: 1, max: 5 } },
  { values: [4, 1], spread: { median: 2.5, min: 1, max: 4 } },
])("the spread of $values is median, minimum and maximum", ({ values, spread }) => {
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

test("faults of all turns are added up, and failed turns stay visible", () => {
  const turns = [
    { figures: { p50: 1 }, faults: { ...faultless, missed: 2 } },
    { figures: { p50: 3 }, faults: { ...faultless, missed: 1, closed: 4 }, notes: ["slow"] },
  ];
  expect(summarise({ candidate: "a", turns, failures: ["it ended"] })).toMatchObject({
    kind: "measured",
    figures: { p50: { median: 2, min: 1, max: 3 } },
    faults: { missed: 3, closed: 4 },
    notes: ["slow"],
    failures: ["it ended"],
  });
});

test("a scenario in which every turn failed is not measured; the reason is the error of the turns", () => {
  const failures = ["it ended", "it ended"];
  expect(summarise({ candidate: "a", turns: [], failures })).toEqual({
    kind: "not-measured",
    candidate: "a",
    reason: "it ended",
  });
});

const report: Report = {
  schema: 2,
  kind: "default",
  finished: true,
  startedAt: "2026-01-02T03:04:05.000Z",
  seconds: 600,
  turns: 3,
  payloadBytes: 200,
  machine: { cpu: "A < B", cores: 2, memoryGib: 24, kernel: "Linux", node: "v20", loadBefore: 0.5 },
  candidates: [
    { kind: "present", name: "pharos", title: "Pharos", version: "1", settings: ["defaults"] },
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
        { kind: "not-measured", candidate: "gone", reason: "it is not installed" },
      ],
    },
  ],
};

function measured(candidate: string, deliveries: number, faults: { missed?: number }) {
  const figures = { deliveries: spreadOf([deliveries]) };
  return {
    kind: "measured" as const,
    candidate,
    figures,
    faults,
    cores: {},
    notes: [],
    turns: [],
    failures: [],
  };
}

test("the text names the machine, lost events, and servers that were left out with the reason", () => {
  const text = reportText(report);
  expect(text).toContain("A < B, 2 cores, 24 GiB, Linux, Node v20");
  expect(text).toMatch(/\| Pharos +\| 3,000,000 +\| nothing/);
  expect(text).toMatch(/\| Slow +\| 30,000 +\| 7 missed/);
  expect(text).toContain("- Gone: left out, it is not installed");
  expect(text).toContain("- Gone, saturation: it is not installed");
});

test("the text of a stopped run says so first", () => {
  expect(reportText({ ...report, finished: false })).toMatch(/^Stopped before its end\.\n/);
  expect(reportText(report)).not.toContain("Stopped");
});

test("the summary has a row for each available server, and marks lost events", () => {
  const rows = summaryTable(report).split("\n");
  expect(rows[2]).toMatch(/^\| Pharos +\| 3,000,000 +\|$/);
  expect(rows[3]).toMatch(/^\| Slow +\| 30,000 \* +\|$/);
  expect(rows[5]).toMatch(/^\\\* events were lost/);
  expect(summaryTable({ ...report, scenarios: [] })).toBe("");
});

test("a saved report is read again unchanged, and anything else is refused", () => {
  expect(parseReport(JSON.stringify(report))).toEqual(report);
  expect(() => parseReport('{"schema":1}')).toThrow("schema");
});

test("each target that a run measured has a row with its value", () => {
  const table = targetsTable({
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

test("sections of a page are replaced again and again, and the rest stays", () => {
  const page = "a\n<!-- bench:x -->\nold\n<!-- /bench:x -->\nb\n";
  const once = fillSections(page, { x: "new" });
  expect(once).toBe("a\n<!-- bench:x -->\n\nnew\n\n<!-- /bench:x -->\nb\n");
  expect(fillSections(once, { x: "new" })).toBe(once);
  expect(() => fillSections(page, { y: "new" })).toThrow("no section y");
});

test.each([
  { kind: "default", page: "README.md" },
  { kind: "curves", page: "README.md" },
  { kind: "scale", page: "many-clients.md" },
] as const)("docs/benchmarks/$page has the sections of a run of kind $kind", ({ kind, page }) => {
  const text = readFileSync(join(root, "docs", "benchmarks", page), "utf8");
  expect(fillSections(text, sectionsOf({ ...report, kind }))).toContain("A < B, 2 cores");
});

test("the chart has a bar for each measured server, longer for more, and escapes text", () => {
  const svg = barChartSvg(report);
  const bars = [...svg.matchAll(/<rect class="(\w+)" [^>]*width="(\d+)"/g)];
  expect(bars.map(([, kind]) => kind)).toEqual(["own", "peer"]);
  expect(Number(bars[0]?.[2])).toBeGreaterThan(Number(bars[1]?.[2]));
  expect(svg).toContain("A &lt; B");
  expect(svg).toContain("prefers-color-scheme: dark");
});
