import { aligned } from "./aligned.js";
import { numberText } from "./number-text.js";
import type { Report, ScenarioResults } from "../../report/report.js";

/** The columns: of each scenario the figures that say most; a note on a delay says that a pace was not kept. */
const columns = [
  { scenario: "saturation", figure: "deliveries", title: "deliveries/s", pace: false },
  { scenario: "rate-1000", figure: "p99", title: "p99 at 1,000/s, ms", pace: true },
  { scenario: "delay-1000", figure: "p99", title: "p99, 1,000 clients, ms", pace: true },
  { scenario: "delay-10000", figure: "p50", title: "median, 10,000 clients, ms", pace: true },
  { scenario: "delay-10000", figure: "p99", title: "p99, 10,000 clients, ms", pace: true },
  { scenario: "burst-1000", figure: "all", title: "burst, ms", pace: false },
  { scenario: "topics-10000", figure: "p99", title: "p99, 10,000 topics, ms", pace: true },
  { scenario: "idle-memory", figure: "kib", title: "KiB a client", pace: false },
  { scenario: "opening", figure: "perSecond", title: "opened/s", pace: false },
  { scenario: "resume-storm", figure: "caughtUp", title: "resume storm, ms", pace: false },
  { scenario: "round-trip", figure: "p50", title: "round trip, ms", pace: false },
] as const;

/** One row a server, medians alone; marked where something was lost or a pace not kept. Empty when nothing of it was measured. */
export function summaryTable({ contestants, scenarios }: Report): string {
  const shown = columns.flatMap((column) => {
    const results = scenarios.find(({ name, point }) => name === column.scenario && point === undefined);
    return results === undefined ? [] : [{ ...column, results }];
  });
  if (shown.length === 0) return "";
  const present = contestants.filter(({ kind }) => kind === "present");
  const rows = present.map(({ name, title }) =>
    [title].concat(shown.map((column) => cell({ ...column, contestant: name }))),
  );
  const marked = rows.some((row) => row.some((text) => text.endsWith("*")));
  const foot = marked
    ? "\n\n\\* something was lost or came too late, or the pace was not kept: see the table of the scenario."
    : "";
  return `${aligned([["medians"].concat(shown.map(({ title }) => title)), ...rows])}${foot}`;
}

function cell(options: {
  readonly results: ScenarioResults;
  readonly contestant: string;
  readonly figure: string;
  readonly pace: boolean;
}): string {
  const { results, contestant, figure, pace } = options;
  const result = results.results.find((one) => one.contestant === contestant);
  const spread = result?.kind === "measured" ? result.figures[figure] : undefined;
  if (result?.kind !== "measured" || spread === undefined) return "";
  const wrong = Object.keys(result.faults).length > 0 || result.failures.length > 0;
  return `${numberText(spread.median)}${wrong || (pace && result.notes.length > 0) ? " *" : ""}`;
}
