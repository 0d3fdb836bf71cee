import { expect, test } from "vitest";
import { comparisonTable } from "../../scripts/benchmark/output/tables/comparison-table.js";
import { comparisonsOf } from "../../scripts/benchmark/report/compare-checkouts.js";
import { parseReport } from "../../scripts/benchmark/report/read-report.js";
import type { Report, Result, ScenarioResults } from "../../scripts/benchmark/report/report.js";
import { spreadOf } from "../../scripts/benchmark/statistics/spread.js";

function measured(candidate: string, p99: readonly number[]): Result {
  const figures = { p99: spreadOf(p99) };
  return { kind: "measured", candidate, figures, faults: {}, cores: {}, notes: [], turns: [], failures: [] };
}

function delay(results: readonly Result[]): ScenarioResults {
  const figures = { p99: { title: "p99", unit: "ms", better: "less" } } as const;
  return { name: "delay", title: "delay", figures, results };
}

const scenario = delay([measured("base", [10, 30, 20]), measured("pharos", [18, 2, 40])]);

function reportOf(scenarios: readonly ScenarioResults[]): Report {
  return {
    schema: 2,
    kind: "compare",
    finished: true,
    startedAt: "2026-01-02T03:04:05.000Z",
    seconds: 600,
    turns: 3,
    payloadBytes: 200,
    machine: { cpu: "A", cores: 2, memoryGib: 24, kernel: "Linux", node: "v20", loadBefore: 0.5 },
    candidates: [],
    scenarios,
    comparisons: comparisonsOf(scenarios),
  };
}

test("a comparison divides this checkout's median by the base checkout's", () => {
  expect(comparisonsOf([scenario])).toEqual([
    { scenario: "delay", figure: "p99", unit: "ms", better: "less", base: 20, current: 18, ratio: 0.9 },
  ]);
});

test("a scenario that one checkout could not run is not compared", () => {
  const missing: Result = { kind: "not-measured", candidate: "base", reason: "it ended" };
  expect(comparisonsOf([delay([missing, measured("pharos", [1])])])).toEqual([]);
});

test("the table shows both medians and their ratio, and is empty for other runs", () => {
  expect(comparisonTable(reportOf([scenario]))).toMatch(
    /\| delay +\| p99, ms +\| 20 +\| 18 +\| 0\.900 +\| less +\|/,
  );
  expect(comparisonTable({ ...reportOf([]), comparisons: undefined })).toBe("");
});

test("a saved comparison is read again with its ratios", () => {
  const report = reportOf([scenario]);
  expect(parseReport(JSON.stringify(report))).toEqual(report);
});
