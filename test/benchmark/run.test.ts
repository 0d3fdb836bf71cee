import { expect, test } from "vitest";
import type { Contestant, StartOptions } from "../../scripts/benchmark/candidate/candidate.js";
import { run } from "../../scripts/benchmark/run/run.js";
import { quickScale, type Scenario } from "../../scripts/benchmark/scenarios/scenario.js";

/** A server that fails to start, so that a run shows what it does around the measuring. */
function failing(name: string, onStart: (options: StartOptions) => void = () => undefined): Contestant {
  return {
    name,
    title: name,
    settings: [],
    unable: { resume: "it keeps no history" },
    missing: async () => undefined,
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
  bed: () => ({ clients: 1, topics: "one", ids: false }),
  measure: async () => ({ figures: { ms: 1 } }),
};
const resuming: Scenario = { ...plain, name: "resuming", needs: "resume" };

async function results(contestants: readonly Contestant[], turns = 1) {
  const scenarios = [plain, resuming];
  return run({ contestants, scenarios, scale: quickScale, turns, progress: () => undefined });
}

test("contestants take turns", async () => {
  const starts: string[] = [];
  const contestants = ["a", "b"].map((name) => failing(name, () => starts.push(name)));
  await results(contestants, 3);
  expect(starts.join(" ")).toBe("a b a b a b");
});

test("one that is missing is left out, by name and with the reason, and never started", async () => {
  const gone = { ...failing("gone"), missing: async () => "it is not installed" };
  const { contestants, scenarios } = await results([gone]);
  expect(contestants).toEqual([
    { kind: "left-out", name: "gone", title: "gone", reason: "it is not installed" },
  ]);
  expect(scenarios[0]?.results).toEqual([
    { kind: "not-measured", contestant: "gone", reason: "it is not installed" },
  ]);
});

test("what it fails with, or cannot do, is the reason why it was not measured", async () => {
  const { scenarios } = await results([failing("a")]);
  expect(scenarios.map(({ results }) => results)).toEqual([
    [{ kind: "not-measured", contestant: "a", reason: "a does not start" }],
    [{ kind: "not-measured", contestant: "a", reason: "it keeps no history" }],
  ]);
});

test("what a failing start has started is stopped", async () => {
  const stopped: string[] = [];
  const child = (name: string) => ({
    name,
    log: "",
    pids: () => [],
    stop: async () => void stopped.push(name),
  });
  const contestant = failing("a", ({ own }) => ["front", "back"].map((name) => own(child(name))));
  await results([contestant]);
  expect(stopped).toEqual(["front", "back"]);
});

test("what is known is given after each turn, so that a run that is stopped leaves it", async () => {
  const known: number[] = [];
  await run({
    contestants: [failing("a"), failing("b")],
    scenarios: [plain],
    scale: quickScale,
    turns: 1,
    progress: () => undefined,
    soFar: ({ scenarios }) =>
      known.push(
        scenarios[0]?.results.filter((result) => "reason" in result && result.reason.includes("start"))
          .length ?? 0,
      ),
  });
  expect(known).toEqual([1, 2]);
});
