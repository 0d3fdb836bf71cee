import { expect, test } from "vitest";
import { curveChartSvg } from "../../scripts/benchmark/output/charts/curve-chart.js";
import { curvesOf } from "../../scripts/benchmark/report/curves.js";
import { curvePoints } from "../../scripts/benchmark/scenarios/curves/curve-points.js";
import type { Report, ScenarioResults } from "../../scripts/benchmark/report/report.js";
import { spreadOf } from "../../scripts/benchmark/statistics/spread.js";
import { reportText } from "../../scripts/benchmark/output/tables/report-text.js";

function point(x: number, cpu: number | undefined): ScenarioResults {
  const spec = { title: "cost", unit: "µs", better: "less" } as const;
  const measured = {
    kind: "measured" as const,
    candidate: "pharos",
    figures: { cpu: spreadOf([cpu ?? 0]), p50: spreadOf([1]), p99: spreadOf([20]) },
    faults: {},
    cores: {},
    notes: [],
    turns: [],
    failures: [],
  };
  const missing = { kind: "not-measured" as const, candidate: "pharos", reason: "too slow" };
  return {
    name: `clients-${x}`,
    title: `${x} clients`,
    point: { curve: "clients", title: "clients & more", x },
    figures: { cpu: spec },
    results: [cpu === undefined ? missing : measured],
  };
}

const report: Report = {
  schema: 2,
  kind: "curves",
  finished: true,
  startedAt: "2026-01-02T03:04:05.000Z",
  seconds: 60,
  turns: 1,
  payloadBytes: 200,
  machine: { cpu: "A < B", cores: 2, memoryGib: 24, kernel: "Linux", node: "v20", loadBefore: 0.5 },
  candidates: [{ kind: "present", name: "pharos", title: "Pharos", version: "1", settings: [] }],
  scenarios: [point(1000, 4), point(10, 2), point(100, undefined)],
};

test("the points of a curve are sorted by x, without those that failed", () => {
  const [curve, ...others] = curvesOf(report.scenarios);
  expect(others).toEqual([]);
  expect(curve?.points.map(({ x }) => x)).toEqual([10, 1000]);
});

test("the table of a curve has a row per point; points without figures have a reason", () => {
  const text = reportText(report);
  expect(text).toMatch(
    /## clients & more\n\n\| clients \| cost, µs \|\n.*\n\| 10 .*\| 2 .*\n\| 1,000 .*\| 4 /,
  );
  expect(text).toContain("- Pharos, 100 clients: too slow");
});

test("the chart of curves has a line for each figure, and escapes text", () => {
  const svg = curveChartSvg(report);
  expect([...svg.matchAll(/<polyline class="([\w ]+)"/g)].map(([, kind]) => kind)).toEqual([
    "own",
    "own",
    "own dashed",
  ]);
  expect(svg).toContain("A &lt; B");
  expect(svg).toContain("prefers-color-scheme: dark");
  expect(svg).not.toContain("NaN");
});

test("all points have different names", () => {
  expect(new Set(curvePoints.map(({ name }) => name)).size).toBe(curvePoints.length);
});
