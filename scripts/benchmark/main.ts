import { compiled } from "./native/compile.js";
import { keptReport } from "./report/read-report.js";
import { describeMachine } from "./machine/machine.js";
import { parseOptions, usage, UsageError, type Options } from "./run/options.js";
import { payloadBytes } from "./publisher/payload.js";
import { progressBar } from "./run/progress-bar.js";
import type { Report } from "./report/report.js";
import { run, type RunResults } from "./run/run.js";
import { fromHere, saveReport } from "./output/save-report.js";
import { fullScale, quickScale } from "./scenarios/scenario.js";
import { reportText } from "./output/tables/report-text.js";

/** What a run that is stopped leaves behind. */
let latest: Report | undefined;

/** Runs the benchmark. Exit codes: 0 measured, whatever the figures; 1 it could not; 2 bad usage. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    process.stdout.write(usage);
    return 0;
  }
  if (options.from !== undefined) {
    tell(await keptReport(fromHere(options.from)), options);
    return 0;
  }
  // Without a compiler nothing can be measured: say so before anything is started.
  await compiled("load");
  tell(await measure(options), options);
  return 0;
}

function tell(report: Report, options: Options): void {
  saveReport(report, options);
  process.stdout.write(`${reportText(report)}\n`);
}

async function measure(options: Options): Promise<Report> {
  const { kind, turns, contestants, scenarios } = options;
  const machine = describeMachine();
  const startedAt = new Date();
  const scale = kind === "quick" ? quickScale : fullScale;
  const reportOf = (results: RunResults, finished: boolean): Report => ({
    schema: 1,
    kind,
    finished,
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    turns,
    payloadBytes,
    machine,
    ...results,
  });
  const soFar = (results: RunResults): void => {
    latest = reportOf(results, false);
    saveReport(latest, { json: options.json, svg: options.svg, page: undefined });
  };
  const results = await run({ contestants, scenarios, scale, turns, progress: progressBar(), soFar });
  return reportOf(results, true);
}

/** What was started ends with this process; what was measured is told. */
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
