import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { chartSvg } from "./chart.js";
import { compiled } from "./compile.js";
import { describeMachine } from "./machine.js";
import { parseOptions, usage, UsageError, type Options } from "./options.js";
import { payloadBytes } from "./payload.js";
import { progressBar } from "./progress.js";
import type { Report } from "./results.js";
import { run } from "./run.js";
import { fullScale, quickScale } from "./scenario.js";
import { reportText } from "./table.js";

/** Runs the benchmark. Exit codes: 0 measured, whatever the figures; 1 it could not; 2 bad usage. */
async function main(args: readonly string[]): Promise<number> {
  const options = parseOptions(args);
  if (options === "help") {
    process.stdout.write(usage);
    return 0;
  }
  // Without a compiler nothing can be measured: say so before anything is started.
  await compiled("load");
  const report = await measure(options);
  // A relative path is meant from where the command was typed.
  const from = process.env["BENCH_CWD"] ?? process.cwd();
  if (options.json !== undefined)
    await writeFile(resolve(from, options.json), `${JSON.stringify(report, null, 2)}\n`);
  if (options.svg !== undefined) await writeFile(resolve(from, options.svg), chartSvg(report));
  process.stdout.write(`${reportText(report)}\n`);
  return 0;
}

async function measure(options: Options): Promise<Report> {
  const { kind, turns, contestants, scenarios } = options;
  const machine = describeMachine();
  const startedAt = new Date();
  const scale = kind === "quick" ? quickScale : fullScale;
  const results = await run({ contestants, scenarios, scale, turns, progress: progressBar() });
  return {
    schema: 1,
    kind,
    startedAt: startedAt.toISOString(),
    seconds: Math.round((Date.now() - startedAt.getTime()) / 1000),
    turns,
    payloadBytes,
    machine,
    ...results,
  };
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1)); // What was started ends with this process.

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`bench: ${message}\n`);
    process.exit(error instanceof UsageError ? 2 : 1);
  },
);
