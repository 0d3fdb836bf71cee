import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { errorCodes } from "../src/base/errors.js";
import { counters, gauges, histograms, summaries } from "../src/base/metrics.js";

const src = new URL("../src/", import.meta.url);
/** Files with lists of all names. A name that appears only in these lists counts as unused. */
const tables = new Set(["base/errors.ts", "base/metrics.ts", "gateway/refusals/refuse.ts"]);
const code = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts") && !tables.has(file))
  .map((file) => readFileSync(new URL(file, src), "utf8"))
  .join("\n");

test.each(Object.keys(counters))("something counts %s", (name) => {
  expect(name).toMatch(/_total$/);
  expect(code).toMatch(new RegExp(`\\bcount\\(\\s*"${name}"`));
});

test.each(Object.keys(gauges))("something sets the gauge %s", (name) => {
  expect(code).toMatch(new RegExp(`\\bgauge\\(\\s*"${name}"`));
});

test.each(Object.entries(histograms))("something adds to the histogram %s", (name, { bounds }) => {
  expect(code).toMatch(new RegExp(`\\bobserve\\(\\s*"${name}"`));
  expect([...bounds]).toEqual(bounds.toSorted((a, b) => a - b));
});

test.each(Object.entries(summaries))("something samples the summary %s", (name, { quantiles }) => {
  expect(code).toContain(`"${name}"`);
  expect([...quantiles]).toEqual(quantiles.toSorted((a, b) => a - b));
});

test.each(Object.keys(errorCodes))("something fails with the code %s", (name) => {
  expect(code).toContain(`"${name}"`);
});
