import type { Candidate } from "../candidate/candidate.js";
import type { CandidateEntry, Result } from "../report/report.js";
import { summarise } from "../report/summarise.js";
import type { Scenario } from "../scenarios/scenario.js";
import type { RunOptions, RunResults } from "./run-options.js";
import { unsupportedReason, type TurnResults } from "./turn-results.js";
import { Turns } from "./turns.js";

/** Measures every scenario on every available candidate. The candidates alternate: A B C, A B C, … */
export async function run(options: RunOptions): Promise<RunResults> {
  const { candidates, scenarios, onPartialResults } = options;
  const entries = await Promise.all(candidates.map(describe));
  const present = candidates.filter((_, index) => entries[index]?.kind === "present");
  const resultsOf = (results: TurnResults): RunResults => ({
    candidates: entries,
    scenarios: scenarios.map((scenario) => ({
      name: scenario.name,
      title: scenario.title,
      point: scenario.point,
      figures: scenario.figures,
      results: candidates.map((candidate, index) =>
        resultOf({ candidate, scenario, entry: entries[index], results }),
      ),
    })),
  });
  const onTurn = (results: TurnResults): void => onPartialResults?.(resultsOf(results));
  return resultsOf(await new Turns({ ...options, candidates: present }, onTurn).run());
}

async function describe(candidate: Candidate): Promise<CandidateEntry> {
  const { name, title, settings } = candidate;
  const reason = await candidate.unavailable();
  if (reason !== undefined) return { kind: "left-out", name, title, reason };
  return { kind: "present", name, title, settings, version: await candidate.version() };
}

function resultOf(options: {
  readonly candidate: Candidate;
  readonly scenario: Scenario;
  readonly entry: CandidateEntry | undefined;
  readonly results: TurnResults;
}): Result {
  const { candidate, scenario, entry, results } = options;
  const { name } = candidate;
  if (entry?.kind === "left-out") return { kind: "not-measured", candidate: name, reason: entry.reason };
  const reason = unsupportedReason(candidate, scenario);
  if (reason !== undefined) return { kind: "not-measured", candidate: name, reason };
  const { turns, failures } = results.of(candidate, scenario);
  return summarise({ candidate: name, turns, failures });
}
