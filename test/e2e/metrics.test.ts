import { expect, test } from "vitest";
import { counters, gauges, histograms, metricPrefix, summaries } from "../../src/base/metrics.js";
import type { CounterDefinition, MetricDefinition } from "../../src/base/metrics.js";
import { processMetrics } from "../../src/monitoring/process-metrics.js";
import { parseMetrics, type ScrapedFamily } from "../support/prometheus/metrics-text.js";
import { startMonitoredHub } from "../support/prometheus/monitored-hub.js";
import { promtool } from "../support/prometheus/promtool.js";

type Declared = readonly [name: string, type: string, definition: CounterDefinition];

function declaredAs(type: string, definitions: Readonly<Record<string, MetricDefinition>>): Declared[] {
  return Object.entries(definitions).map(([name, definition]) => [metricPrefix + name, type, definition]);
}

const declared: readonly Declared[] = [
  ...declaredAs("counter", counters),
  ...declaredAs("gauge", gauges),
  ...declaredAs("histogram", histograms),
  ...declaredAs("summary", summaries),
  ...processMetrics(0).map(({ name, type, help }): Declared => [name, type, { help }]),
];

/** The labels that a type adds to those of the declaration. */
const labelOfType: Readonly<Record<string, string>> = { histogram: "le", summary: "quantile" };

/** Throws if the samples of a metric have other labels, or other values of labels, than the declaration says. */
function expectDeclaredLabels({ name, type, samples }: ScrapedFamily, definition: CounterDefinition): void {
  const { labels = [], values } = definition;
  for (const sample of samples) {
    const given = Object.keys(sample.labels).filter((label) => label !== labelOfType[type]);
    expect([name, given]).toEqual([name, [...labels]]);
    const [value] = Object.values(sample.labels);
    expect(values === undefined ? [value] : Object.keys(values)).toContain(value);
  }
}

test.each([0, 2])(
  "the metrics of a hub with %i workers that has served each protocol are those that are declared, and promtool finds no fault",
  async (workers) => {
    const { metrics, publish } = await startMonitoredHub(workers);
    await publish();
    const text = await metrics();
    const families = parseMetrics(text);
    expect(new Map(families.map(({ name, type, help }) => [name, { type, help }]))).toEqual(
      new Map(declared.map(([name, type, { help }]) => [name, { type, help }])),
    );
    expect(families).toHaveLength(declared.length);
    const definitions = new Map(declared.map(([name, , definition]) => [name, definition]));
    for (const family of families) expectDeclaredLabels(family, definitions.get(family.name) ?? { help: "" });
    const total = families.reduce((sum, { samples }) => sum + samples.length, 0);
    // All labels have few values, so the number of series does not grow with clients, topics or addresses.
    expect(total).toBeLessThan(600);
    expect(await promtool(["check", "metrics"], text)).toBe("");
  },
);
