import { expect, test } from "vitest";
import { expositionFor, openMetrics, textFormat } from "../../../src/monitoring/admin/exposition.js";
import type { Family } from "../../../src/base/metrics.js";

function gauge(value: number, labels: Readonly<Record<string, string>> = {}): Family {
  return { name: "g", type: "gauge", help: "a gauge", samples: [{ name: "g", labels, value }] };
}

const rounds: Family = {
  name: "rounds_total",
  type: "counter",
  help: 'rounds, or "writes"',
  samples: [
    { name: "rounds_total", labels: { front: "http" }, value: 3 },
    { name: "rounds_total", labels: { front: "mongrel2" }, value: 0.5 },
  ],
};

const delay: Family = {
  name: "delay_seconds",
  type: "histogram",
  help: "delay",
  samples: [
    { name: "delay_seconds_bucket", labels: { le: "0.5" }, value: 1 },
    { name: "delay_seconds_bucket", labels: { le: "1" }, value: 2 },
    { name: "delay_seconds_bucket", labels: { le: "+Inf" }, value: 2 },
    { name: "delay_seconds_sum", labels: {}, value: 1.25 },
    { name: "delay_seconds_count", labels: {}, value: 2 },
  ],
};

test("a family is its help, its type and a line for each figure", () => {
  expect(textFormat.encode([rounds])).toBe(
    [
      '# HELP rounds_total rounds, or "writes"',
      "# TYPE rounds_total counter",
      'rounds_total{front="http"} 3',
      'rounds_total{front="mongrel2"} 0.5',
      "",
    ].join("\n"),
  );
});

test("OpenMetrics has the unit, no `_total` in the name of a family, and an end", () => {
  expect(openMetrics.encode([rounds, delay])).toBe(
    [
      "# TYPE rounds counter",
      String.raw`# HELP rounds rounds, or \"writes\"`,
      'rounds_total{front="http"} 3',
      'rounds_total{front="mongrel2"} 0.5',
      "# TYPE delay_seconds histogram",
      "# UNIT delay_seconds seconds",
      "# HELP delay_seconds delay",
      'delay_seconds_bucket{le="0.5"} 1',
      'delay_seconds_bucket{le="1.0"} 2',
      'delay_seconds_bucket{le="+Inf"} 2',
      "delay_seconds_sum 1.25",
      "delay_seconds_count 2",
      "# EOF",
      "",
    ].join("\n"),
  );
});

test.each([
  { accept: undefined, format: textFormat },
  { accept: "*/*", format: textFormat },
  { accept: "text/plain", format: textFormat },
  { accept: "application/openmetrics-text", format: openMetrics },
  { accept: "Application/OpenMetrics-Text; version=1.0.0 ; charset=utf-8", format: openMetrics },
  { accept: "application/openmetrics-text;q=0", format: textFormat },
  { accept: "application/openmetrics-text;q=0.5,text/plain", format: textFormat },
  {
    // Prometheus 2.42
    accept:
      "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
    format: openMetrics,
  },
])("$accept gets $format.type", ({ accept, format }) => {
  expect(expositionFor(accept)).toBe(format);
});

test("nothing that stands in a label or a help text can end it", () => {
  const text = textFormat.encode([
    { ...gauge(1, { reason: 'a"b\\c\nd 1\n# TYPE x gauge' }), help: "one\ntwo \\ three" },
  ]);
  expect(text.split("\n")).toEqual([
    "# HELP g one\\ntwo \\\\ three",
    "# TYPE g gauge",
    'g{reason="a\\"b\\\\c\\nd 1\\n# TYPE x gauge"} 1',
    "",
  ]);
});

test.each([
  { value: 0, text: "0" },
  { value: 1e21, text: "1e+21" },
  { value: Number.POSITIVE_INFINITY, text: "+Inf" },
  { value: Number.NEGATIVE_INFINITY, text: "-Inf" },
  { value: Number.NaN, text: "NaN" },
])("$value is written as $text", ({ value, text }) => {
  expect(textFormat.encode([gauge(value)])).toContain(`\ng ${text}\n`);
});
