import { expect, it } from "vitest";
import { judgedRun } from "../chaos/run/judged-run.js";

it("a hub keeps its promises while its network and its clients fail", async () => {
  const { findings, figures } = await judgedRun({ seed: 1, seconds: 5, journal: "memory" });
  expect(findings).toEqual([]);
  expect(figures.received).toBeGreaterThan(figures.acknowledged);
});
