import { parseArgs } from "node:util";
import type { Candidate } from "../candidate/candidate.js";
import { resolveUserPath } from "../machine/paths.js";
import type { Report } from "../report/report.js";
import { quickSize, type RunSize } from "../scenarios/run-size.js";
import type { CurvePoint, Scenario } from "../scenarios/scenario.js";
import { pharosCheckouts } from "../servers/pharos-checkout.js";
import { runKinds } from "./run-kinds.js";

export interface Options {
  readonly kind: Report["kind"];
  readonly candidates: readonly Candidate[];
  readonly scenarios: readonly Scenario[];
  readonly turns: number;
  readonly size: RunSize;
  /** A JSON report to show again. The run then measures nothing. */
  readonly from: string | undefined;
  readonly json: string | undefined;
  readonly svg: string | undefined;
  readonly page: string | undefined;
}

/** An invalid option; the message says what is allowed. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

export const usage = `Usage: scripts/bench [options]
Measures Pharos and other push servers on this machine. Each scenario runs on every server in turn. Takes about 15 minutes.

What to measure:
  (no option)       all servers in all scenarios
  --quick           the same, or a comparison, in seconds: shows that the benchmark works; the figures mean nothing
  --scale           Pharos alone with 100,000 clients and more
  --curves          Pharos alone: how its cost grows with clients, rate, payload and topics
  --compare DIR     this checkout and the one in DIR in turn; DIR must be built

Selection:
  --only NAME,…     only these servers: ${namesOf(runKinds.default.candidates)}
  --scenario NAME,… only these scenarios: ${namesOf(runKinds.default.scenarios)}
                    with --scale: ${namesOf(runKinds.scale.scenarios)}
                    with --curves: ${namesOf(runKinds.curves.scenarios)}
  --turns N         turns of each server, 1 to 20 (default 3; 7 with --compare; 1 with --quick, --scale, --curves)

Output:
  --json FILE       write all results
  --svg FILE        write a chart
  --page FILE       replace the marked parts of a page, such as docs/benchmarks/README.md
  --from FILE       measure nothing; show a file that --json wrote

  --install         first install missing servers and tools (Debian packages)
  --help            show this text
`;

/** Parses the command line. Returns "help" if the user asks for help. Throws {@link UsageError}. */
export function parseOptions(args: readonly string[]): Options | "help" {
  const values = parseValues(args);
  if (values.help === true) return "help";
  const kind = kindOf(values);
  const defaults = runKinds[kind];
  const candidates =
    values.compare === undefined ? defaults.candidates : pharosCheckouts(resolveUserPath(values.compare));
  return {
    kind,
    candidates: select("--only", values.only, candidates),
    scenarios: select("--scenario", values.scenario, defaults.scenarios),
    turns: parseTurns(values.turns, defaults.turns),
    size: values.quick === true ? quickSize : defaults.size,
    from: values.from,
    json: values.json,
    svg: values.svg,
    page: values.page,
  };
}

type Values = ReturnType<typeof parse>["values"];

function parseValues(args: readonly string[]): Values {
  try {
    return parse(args).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      scale: { type: "boolean" },
      curves: { type: "boolean" },
      compare: { type: "string" },
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

/** The kind of run. `--quick` is a kind of run, but together with `--compare` it only shortens the comparison. */
function kindOf(values: Values): Report["kind"] {
  const kinds = (["scale", "quick", "curves", "compare"] as const).filter(
    (kind) => values[kind] !== undefined && !(kind === "quick" && values.compare !== undefined),
  );
  if (kinds.length > 1) throw new UsageError(`--${kinds.join(" and --")} exclude each other`);
  return kinds[0] ?? "default";
}

interface Named {
  readonly name: string;
  readonly point?: CurvePoint;
}

/** The scenario names for the command line. The name of a curve means all points of the curve. */
function namesOf(all: readonly Named[]): string {
  return [...new Set(all.map(nameOf))].join(", ");
}

function nameOf({ name, point }: Named): string {
  return point?.curve ?? name;
}

function select<T extends Named>(option: string, given: string | undefined, all: readonly T[]): readonly T[] {
  if (given === undefined) return all;
  const names = given.split(",");
  const unknown = names.find((name) => !all.some((one) => nameOf(one) === name));
  if (unknown !== undefined) throw new UsageError(`${option}: given "${unknown}", allowed: ${namesOf(all)}`);
  return all.filter((one) => names.includes(nameOf(one)));
}

function parseTurns(given: string | undefined, otherwise: number): number {
  if (given === undefined) return otherwise;
  const turns = Number(given);
  if (!Number.isInteger(turns) || turns < 1 || turns > 20)
    throw new UsageError(`--turns: given "${given}", allowed: a number from 1 to 20`);
  return turns;
}
