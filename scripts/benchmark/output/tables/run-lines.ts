import type { CandidateEntry, Report } from "../../report/report.js";
import { titleOf } from "./title-of.js";

/** The machine and the run. */
export function machineLines({ machine, turns, payloadBytes, seconds, startedAt }: Report): string {
  const { cpu, cores, memoryGib, kernel, node, loadBefore } = machine;
  return [
    `${cpu}, ${cores} cores, ${memoryGib} GiB, ${kernel}, Node ${node}; load average before the run ${loadBefore.toFixed(2)}.`,
    `Started ${startedAt}, ${Math.round(seconds / 60)} minutes, turns per server: ${turns}, ${payloadBytes} bytes per publication.` +
      " Clients, publisher and server share the cores. Figures are medians (minimum to maximum).",
  ].join("\n");
}

/** Each server with its version and settings, or the reason why the server was not measured. */
export function serverLines(candidates: readonly CandidateEntry[]): string {
  const lines = candidates.map((entry) =>
    entry.kind === "left-out"
      ? `- ${entry.title}: left out, ${entry.reason}`
      : `- ${entry.title} (${entry.version}): ${entry.settings.join("; ")}`,
  );
  return ["Servers:", ...lines].join("\n");
}

/** The servers that a scenario did not measure, each with the reason. */
export function notMeasured({ scenarios, candidates }: Report): string {
  const lines = scenarios.flatMap((scenario) =>
    scenario.results.flatMap((result) =>
      result.kind === "not-measured"
        ? [`- ${titleOf(candidates, result.candidate)}, ${scenario.title}: ${result.reason}`]
        : [],
    ),
  );
  return lines.length === 0 ? "Everything was measured." : ["Not measured:", ...lines].join("\n");
}
