import { expect, it } from "vitest";
import { limitPaths } from "../../src/config/limit-sections.js";
import { limitValues } from "../../src/config/limit-values.js";
import { loadConfig } from "../../src/config/load.js";

const environment = { PHAROS_LIMITS_HISTORY_BYTES: "1000000", PHAROS_LIMITS_ROUND_WAIT_MS: "100" };
const values = limitValues(loadConfig({ environment }).limits);

it("has every limit once, with a number", () => {
  expect(values.map(({ name }) => name)).toEqual(limitPaths().map((path) => path.slice(1).join(".")));
  expect(values.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
});

it.each([
  { name: "history.bytes", unit: "bytes", value: 1_000_000 },
  { name: "roundWaitMs", unit: "seconds", value: 0.1 },
  { name: "filterPercentPerAddress", unit: "ratio", value: 0.1 },
  { name: "connections", unit: "count", value: 15_000 },
])("has $name in a base unit", (expected) => {
  expect(values.find(({ name }) => name === expected.name)).toEqual(expected);
});
