import { parseArgs } from "node:util";
import { scaleContestants, scaleScenarios } from "./large-runs.js";
import { scenarios } from "../scenarios/all.js";
import { contestants } from "../servers/all.js";
import type { Contestant } from "../candidate/candidate.js";
import { curveContestants, curvePoints } from "../scenarios/curves/curve-points.js";
import type { Report } from "../report/report.js";
import type { CurvePoint, Scenario } from "../scenarios/scenario.js";

export interface Options {
  readonly kind: Report["kind"];
  readonly contestants: readonly Contestant[];
  readonly scenarios: readonly Scenario[];
  readonly turns: number;
  /** A kept report to show again, instead of measuring. */
  readonly from: string | undefined;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly page: string | undefined;
}

/** What was asked for cannot be; the message says what is allowed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const curveNames = [...new Set(curvePoints.map(wordFor))];

/** What each kind of run measures. */
const measured = {
  default: { contestants, scenarios },
  quick: { contestants, scenarios },
  scale: { contestants: scaleContestants, scenarios: scaleScenarios },
  curves: { contestants: curveContestants, scenarios: curvePoints },
} as const;

export const usage = `Usage: scripts/bench [options]
Measures Pharos and its peers on this machine, taking turns. About fifteen minutes.

  --install         first installs the peers and tools that are missing (Debian packages)
  --scale           100,000 clients and more on Pharos alone, instead
  --curves          how Pharos' cost grows with clients, rate, payload and topics, instead
  --only NAME,…     only these servers: ${contestants.map(({ name }) => name).join(", ")}
  --scenario NAME,… only these scenarios: ${scenarios.map(({ name }) => name).join(", ")}
                    with --scale: ${scaleScenarios.map(({ name }) => name).join(", ")}
                    with --curves: ${curveNames.join(", ")}
  --turns N         turns of each, 1 to 20; 3 without it, 1 with --quick, --scale and --curves
  --quick           seconds instead of minutes: shows that it works, its figures mean nothing
  --from FILE       measures nothing: shows what --json wrote, as a table and with --svg as a chart
  --json FILE       writes everything that was measured
  --svg FILE        writes a chart
  --page FILE       fills the places of a page that are marked for it, such as docs/PERFORMANCE.md
  --help            shows this
`;

/** Reads the command line; "help" when that is asked for. Throws {@link UsageError}. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const values = parseWords(args);
  if (values.help === true) return "help";
  const kinds = (["scale", "quick", "curves"] as const).filter((kind) => values[kind] === true);
  if (kinds.length > 1) throw new UsageError(`--${kinds.join(" and --")} exclude each other`);
  const [kind = "default"] = kinds;
  return {
    kind,
    contestants: chosen("--only", values.only, measured[kind].contestants),
    scenarios: chosen("--scenario", values.scenario, measured[kind].scenarios),
    turns: parseTurns(values.turns, kind === "default" ? 3 : 1),
    from: values.from,
    json: values.json,
    svg: values.svg,
    page: values.page,
  };
}

function parseWords(args: readonly string[]): ReturnType<typeof words>["values"] {
  try {
    return words(args).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function words(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      scale: { type: "boolean" },
      curves: { type: "boolean" },
      only: { type: "string" },
      scenario: { type: "string" },
      turns: { type: "string" },
      quick: { type: "boolean" },
      from: { type: "string" },
      json: { type: "string" },
      svg: { type: "string" },
      page: { type: "string" },
      help: { type: "boolean" },
    },
  });
}

/** What is named on the command line: a curve for all of its points. */
function wordFor(named: { readonly name: string; readonly point?: CurvePoint }): string {
  return named.point?.curve ?? named.name;
}

function chosen<T extends { readonly name: string; readonly point?: CurvePoint }>(
  option: string,
  given: string | undefined,
  all: readonly T[],
): readonly T[] {
  if (given === undefined) return all;
  const names = given.split(",");
  const allowed = [...new Set(all.map(wordFor))];
  const unknown = names.find((name) => !allowed.includes(name));
  if (unknown !== undefined)
    throw new UsageError(`${option}: given "${unknown}", allowed: ${allowed.join(", ")}`);
  return all.filter((named) => names.includes(wordFor(named)));
}

function parseTurns(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const turns = Number(given);
  if (!Number.isInteger(turns) || turns < 1 || turns > 20)
    throw new UsageError(`--turns: given "${given}", allowed: a number from 1 to 20`);
  return turns;
}
