import { expect, test } from "vitest";
import type { Candidate, StartOptions } from "../../scripts/benchmark/candidate/candidate.js";
import { run } from "../../scripts/benchmark/run/run.js";
import { quickSize } from "../../scripts/benchmark/scenarios/run-size.js";
import type { Scenario } from "../../scripts/benchmark/scenarios/scenario.js";

/** A server that fails to start. The tests of this file only check the parts of a run that do not measure. */
function failing(name: string, onStart: (options: StartOptions) => void = () => undefined): Candidate {
  return {
    name,
    title: name,
    settings: [],
    unsupported: { resume: "it has no history" },
    unavailable: async () => undefined,
    version: async () => "1",
    start: async (options) => {
      onStart(options);
      throw new Error(`${name} does not start`);
    },
  };
}

const plain: Scenario = {
  name: "plain",
  title: "plain",
  figures: { ms: { title: "time", unit: "ms", better: "less" } },
  environment: () => ({ clients: 1, topics: "one", ids: false }),
  measure: async () => ({ figures: { ms: 1 } }),
};
const resuming: Scenario = { ...plain, name: "resuming", needs: "resume" };

async function results(candidates: readonly Candidate[], turns = 1) {
  const scenarios = [plain, resuming];
  return run({ candidates, scenarios, size: quickSize, turns, progress: () => undefined });
}

test("candidates take turns, two of them also in being first", async () => {
  const starts: string[] = [];
  const candidates = ["a", "b"].map((name) => failing(name, () => starts.push(name)));
  await results(candidates, 3);
  expect(starts.join(" ")).toBe("a b b a a b");
});

test("an unavailable server is left out with its name and the reason, and never started", async () => {
  const missing = { ...failing("gone"), unavailable: async () => "it is not installed" };
  const { candidates, scenarios } = await results([missing]);
  expect(candidates).toEqual([
    { kind: "left-out", name: "gone", title: "gone", reason: "it is not installed" },
  ]);
  expect(scenarios[0]?.results).toEqual([
    { kind: "not-measured", candidate: "gone", reason: "it is not installed" },
  ]);
});

test("the error or the missing capability is the reason why a server was not measured", async () => {
  const { scenarios } = await results([failing("a")]);
  expect(scenarios.map(({ results }) => results)).toEqual([
    [{ kind: "not-measured", candidate: "a", reason: "a does not start" }],
    [{ kind: "not-measured", candidate: "a", reason: "it has no history" }],
  ]);
});

test("processes of a failed start are stopped", async () => {
  const stopped: string[] = [];
  const child = (name: string) => ({
    name,
    log: "",
    pids: () => [],
    stop: async () => void stopped.push(name),
  });
  const candidate = failing("a", ({ register }) => ["front", "back"].map((name) => register(child(name))));
  await results([candidate]);
  expect(stopped).toEqual(["front", "back"]);
});

test("results so far are passed on after each turn, so that a stopped run has them", async () => {
  const counts: number[] = [];
  await run({
    candidates: [failing("a"), failing("b")],
    scenarios: [plain],
    size: quickSize,
    turns: 1,
    progress: () => undefined,
    onPartialResults: ({ scenarios }) =>
      counts.push(
        scenarios[0]?.results.filter((result) => "reason" in result && result.reason.includes("start"))
          .length ?? 0,
      ),
  });
  expect(counts).toEqual([1, 2]);
});
