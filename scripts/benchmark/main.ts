import { describeMachine } from "./machine/machine.js";
import { resolveUserPath } from "./machine/paths.js";
import { compiled } from "./native/compile.js";
import { saveReport } from "./output/save-report.js";
import { reportText } from "./output/tables/report-text.js";
import { payloadBytes } from "./publisher/payload.js";
import { comparisonsOf } from "./report/compare-checkouts.js";
import { readReport } from "./report/read-report.js";
import type { Report } from "./report/report.js";
import { parseOptions, usage, UsageError, type Options } from "./run/options.js";
import { progressBar } from "./run/progress-bar.js";
import type { RunResults } from "./run/run-options.js";
import { run } from "./run/run.js";

/** The results so far, in case the user stops the run. */
let latest: Report | undefined;

/**
 * Runs the benchmark. Exit codes: 0 = the run is complete, with any figures; 1 = a measurement was not possible; 2 =
 * invalid options.
 */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    process.stdout.write(usage);
    return 0;
  }
  if (options.from !== undefined) {
    output(await readReport(resolveUserPath(options.from)), options);
    return 0;
  }
  // The benchmark needs a C compiler. If there is no compiler, the run fails here, before any server starts.
  await compiled("load");
  output(await measure(options), options);
  return 0;
}

function output(report: Report, options: Options): void {
  saveReport(report, options);
  process.stdout.write(`${reportText(report)}\n`);
}

async function measure(options: Options): Promise<Report> {
  const { kind, turns, candidates, scenarios, size } = options;
  const machine = describeMachine();
  const startedAt = new Date();
  const reportOf = (results: RunResults, finished: boolean): Report => ({
    schema: 2,
    kind,
    finished,
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    turns,
    payloadBytes,
    machine,
    ...results,
    ...(kind === "compare" ? { comparisons: comparisonsOf(results.scenarios) } : {}),
  });
  const onPartialResults = (results: RunResults): void => {
    latest = reportOf(results, false);
    saveReport(latest, { json: options.json, svg: options.svg, page: undefined });
  };
  const results = await run({
    candidates,
    scenarios,
    size,
    turns,
    progress: progressBar(),
    onPartialResults,
  });
  return reportOf(results, true);
}

/** Prints the results so far and ends this process; the servers then also end. */
function stop(signal: NodeJS.Signals): void {
  if (latest !== undefined) process.stdout.write(`${reportText(latest)}\n`);
  process.stderr.write(`\nbench: stopped by ${signal}\n`);
  process.exit(1);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, stop);

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench: ${message}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
