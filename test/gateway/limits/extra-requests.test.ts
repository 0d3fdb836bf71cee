import { expect, it } from "vitest";
import { silentMetrics } from "../../../src/base/metrics.js";
import { countExtraRequests } from "../../../src/gateway/limits/extra-requests.js";

it.each([
  { steps: [1, 1, 1, 1], ends: [false, false, true, false] },
  { steps: [2, 5, 1], ends: [false, true, false] },
])("further requests on a stream end it once, at the third: $steps", ({ steps, ends }) => {
  const counted = new Map<string, number>();
  const metrics = {
    ...silentMetrics,
    count: (name: string, by = 1) => void counted.set(name, (counted.get(name) ?? 0) + by),
  };
  const connection = { extraRequests: 0 };
  expect(steps.map((requests) => countExtraRequests(connection, requests, metrics))).toEqual(ends);
  expect(counted.get("connections_cut_total")).toBe(1);
});
