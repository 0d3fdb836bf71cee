import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { dashboard } from "../../scripts/dashboard/dashboard.js";
import { counters, gauges, histograms, metricPrefix, summaries } from "../../src/base/metrics.js";
import { limitPaths } from "../../src/config/limit-sections.js";
import { processMetrics } from "../../src/monitoring/process-metrics.js";
import { root } from "../support/ipc.js";
import { shownQueries } from "../support/prometheus/shown-queries.js";

function read(...path: readonly string[]): string {
  return readFileSync(join(root, ...path), "utf8");
}

const rules = read("deploy", "prometheus", "alerts.yml");
const examples = read("deploy", "prometheus", "alerts.test.yml");
const runbook = read("docs", "operating", "alerts.md");
const alerts = [...rules.matchAll(/^ +- alert: (\w+)\n(?:(?!^ +- alert:)[^])*/gm)].map(
  ([rule, name = ""]) => ({ name, rule }),
);

const declared: ReadonlySet<string> = new Set([
  ...Object.keys({ ...counters, ...gauges, ...summaries, ...histograms }).map((name) => metricPrefix + name),
  ...Object.keys(histograms).flatMap((name) =>
    ["bucket", "sum", "count"].map((part) => `${metricPrefix}${name}_${part}`),
  ),
  ...processMetrics(0).map(({ name }) => name),
]);

/** Metrics and limits in a text that are not declared. */
function unknownIn(text: string): readonly string[] {
  const metrics = [...text.matchAll(/\b(?:pharos|process|nodejs)_\w+/g)].map(([name]) => name);
  const limits = [...text.matchAll(/pharos_limit\{[^}]*name="([^"]+)"/g)].map(([, name = ""]) => name);
  const known = new Set(limitPaths().map((path) => path.slice(1).join(".")));
  return [...metrics.filter((name) => !declared.has(name)), ...limits.filter((name) => !known.has(name))];
}

test("there are alert rules", () => {
  expect(alerts.length).toBeGreaterThan(20);
});

test.each(alerts)(
  "the alert $name has known metrics, an example, and a section that says what to do",
  (alert) => {
    const { name, rule } = alert;
    expect(unknownIn(rule)).toEqual([]);
    expect(rule).toContain(`runbook: docs/operating/alerts.md#${name.toLowerCase()}\n`);
    expect(runbook).toContain(`\n### ${name}\n`);
    expect(examples).toContain(name);
  },
);

test("the page on alerts has no section of an alert that does not exist", () => {
  const sections = [...runbook.matchAll(/^### (\w+)$/gm)].map(([, name]) => name);
  expect(new Set(sections)).toEqual(new Set(alerts.map(({ name }) => name)));
  expect(sections).toHaveLength(alerts.length);
});

test("the dashboard is what npm run reference writes, and has known metrics only", () => {
  expect(JSON.parse(read("deploy", "grafana", "pharos.json"))).toEqual(dashboard());
  expect(shownQueries().length).toBeGreaterThan(50);
  expect(
    unknownIn(
      shownQueries()
        .map(({ expr }) => expr)
        .join("\n"),
    ),
  ).toEqual([]);
});

test("the page on monitoring names known metrics only", () => {
  expect(unknownIn(read("docs", "operating", "monitoring.md"))).toEqual([]);
});
