import { aligned } from "./aligned.js";
import { numberText } from "./number-text.js";
import type { Report, ScenarioResults } from "../../report/report.js";

/**
 * The main figures of each scenario. If `rate` is true, a note in the result means that the server did not reach the
 * rate.
 */
const columns = [
  { scenario: "saturation", figure: "deliveries", title: "deliveries/s", rate: false },
  { scenario: "rate-1000", figure: "p99", title: "p99 at 1,000/s, ms", rate: true },
  { scenario: "delay-1000", figure: "p99", title: "p99, 1,000 clients, ms", rate: true },
  { scenario: "delay-10000", figure: "p50", title: "median, 10,000 clients, ms", rate: true },
  { scenario: "delay-10000", figure: "p99", title: "p99, 10,000 clients, ms", rate: true },
  { scenario: "burst-1000", figure: "all", title: "burst, ms", rate: false },
  { scenario: "topics-10000", figure: "p99", title: "p99, 10,000 topics, ms", rate: true },
  { scenario: "idle-memory", figure: "kib", title: "KiB per client", rate: false },
  { scenario: "opening", figure: "perSecond", title: "opened/s", rate: false },
  { scenario: "resume-storm", figure: "caughtUp", title: "resume storm, ms", rate: false },
  { scenario: "round-trip", figure: "p50", title: "round trip, ms", rate: false },
] as const;

/**
 * A table of medians, one row per server, with marks for lost events and for rates that the server did not reach. The
 * table is empty if the run measured none of its columns.
 */
export function summaryTable({ candidates, scenarios }: Report): string {
  const shown = columns.flatMap((column) => {
    const results = scenarios.find(({ name, point }) => name === column.scenario && point === undefined);
    return results === undefined ? [] : [{ ...column, results }];
  });
  if (shown.length === 0) return "";
  const present = candidates.filter(({ kind }) => kind === "present");
  const rows = present.map(({ name, title }) =>
    [title].concat(shown.map((column) => cell({ ...column, candidate: name }))),
  );
  const marked = rows.some((row) => row.some((text) => text.endsWith("*")));
  const foot = marked
    ? "\n\n\\* events were lost or late, or the rate was not reached; see the table of the scenario."
    : "";
  return `${aligned([["medians"].concat(shown.map(({ title }) => title)), ...rows])}${foot}`;
}

function cell(options: {
  readonly results: ScenarioResults;
  readonly candidate: string;
  readonly figure: string;
  readonly rate: boolean;
}): string {
  const { results, candidate, figure, rate } = options;
  const result = results.results.find((one) => one.candidate === candidate);
  const spread = result?.kind === "measured" ? result.figures[figure] : undefined;
  if (result?.kind !== "measured" || spread === undefined) return "";
  const faulty = Object.keys(result.faults).length > 0 || result.failures.length > 0;
  return `${numberText(spread.median)}${faulty || (rate && result.notes.length > 0) ? " *" : ""}`;
}
