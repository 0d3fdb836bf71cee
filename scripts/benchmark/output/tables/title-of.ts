import type { CandidateEntry } from "../../report/report.js";

/** A candidate's name in tables. */
export function titleOf(candidates: readonly CandidateEntry[], name: string): string {
  return candidates.find((entry) => entry.name === name)?.title ?? name;
}
