import {
  counters,
  gauges,
  histograms,
  metricPrefix,
  summaries,
  type CounterDefinition,
  type HistogramDefinition,
  type MetricDefinition,
} from "../../src/base/metrics.js";
import { processMetrics } from "../../src/monitoring/process-metrics.js";
import { code, generated, page, table } from "./markdown.js";

const intro = `# Metrics

${generated}

The admin address serves the metrics at \`/metrics\`, in the text format of Prometheus. [Monitoring](../operating/monitoring.md) lists the most important metrics.

\`\`\`sh
curl http://127.0.0.1:8081/metrics
\`\`\``;

type Definitions = Readonly<Record<string, MetricDefinition>>;

/** The page docs/reference/metrics.md. */
export function metricsPage(): string {
  const bounds: readonly (readonly [string, HistogramDefinition])[] = Object.entries(histograms);
  return page([
    intro,
    section("Counters", "A counter starts at 0 when the hub starts, and only grows.", counters),
    valuesOf(counters),
    section("Gauges", "A gauge shows the current value.", gauges),
    section("Histograms", "Each histogram has the series `_bucket`, `_sum` and `_count`.", histograms),
    table(
      ["histogram", "upper bounds of its buckets"],
      bounds.map(([name, definition]) => [
        code(metricPrefix + name),
        definition.bounds.map(numeral).join(", "),
      ]),
    ),
    section(
      "Summaries",
      "A summary has a series for each `quantile`, and the series `_sum` and `_count`.",
      summaries,
    ),
    "## Process\n\nThese metrics have the usual names of Prometheus clients, so existing dashboards work with Pharos. The metrics measure the hub's process without its workers.",
    table(
      ["metric", "type", "meaning"],
      processMetrics(0).map(({ name, type, help }) => [code(name), type, help]),
    ),
  ]);
}

function section(title: string, text: string, definitions: Definitions): string {
  const rows = Object.entries(definitions).map(([name, { help, labels = [] }]) => [
    code(metricPrefix + name),
    labels.map(code).join(", "),
    help,
  ]);
  return page([`## ${title}`, text, table(["metric", "labels", "meaning"], rows)]).trimEnd();
}

function valuesOf(definitions: Readonly<Record<string, CounterDefinition>>): string {
  const rows = Object.entries(definitions).flatMap(([name, { values = {} }]) =>
    Object.entries(values).map(([value, help]) => [code(metricPrefix + name), code(value), help]),
  );
  return page([
    "The labels `reason` and `limit` of these counters have these values:",
    table(["metric", "value", "meaning"], rows),
  ]).trimEnd();
}

function numeral(value: number): string {
  return value.toLocaleString("en-US");
}
