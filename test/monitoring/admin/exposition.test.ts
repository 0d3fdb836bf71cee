import { expect, test } from "vitest";
import { encodeExposition } from "../../../src/monitoring/admin/exposition.js";
import type { Family } from "../../../src/base/metrics.js";

function gauge(value: number, labels: Readonly<Record<string, string>> = {}): Family {
  return { name: "g", type: "gauge", help: "a gauge", samples: [{ name: "g", labels, value }] };
}

test("a family is its help, its type and a line for each figure", () => {
  const samples = [
    { name: "rounds_total", labels: { front: "http" }, value: 3 },
    { name: "rounds_total", labels: { front: "mongrel2" }, value: 0.5 },
  ];
  const text = encodeExposition(
    [{ name: "rounds_total", type: "counter", help: "rounds", samples }],
    "pharos_",
  );
  expect(text).toBe(
    [
      "# HELP pharos_rounds_total rounds",
      "# TYPE pharos_rounds_total counter",
      'pharos_rounds_total{front="http"} 3',
      'pharos_rounds_total{front="mongrel2"} 0.5',
      "",
    ].join("\n"),
  );
});

test("nothing that stands in a label or a help text can end it", () => {
  const text = encodeExposition([
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
  expect(encodeExposition([gauge(value)])).toContain(`\ng ${text}\n`);
});
