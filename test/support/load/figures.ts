import type { Usage } from "./environment.js";
import { describe } from "./client.js";
import type { Snapshot } from "./protocol.js";

/** Prints a test's measurements as one block of lines. The pages in docs/benchmarks quote these lines. */
export function printFigures(title: string, lines: readonly string[]): void {
  process.stdout.write(`\n== ${title}\n${lines.map((line) => `   ${line}\n`).join("")}`);
}

/** One line per group. */
export function groupLines(snapshots: readonly Snapshot[]): readonly string[] {
  return snapshots.map((snapshot) => describe(snapshot));
}

/** Memory and CPU time that the servers used between two moments. */
export function usageLine(from: Usage, to: Usage): string {
  const hub =
    `hub ${(to.hubSeconds - from.hubSeconds).toFixed(1)} s of CPU, ${mib(from.hubBytes)} idle, ` +
    `${mib(to.hubBytes)} now, ${mib(to.hubPeakBytes)} maximum`;
  if (to.serverBytes === 0) return hub;
  return (
    `${hub}; Mongrel2 ${(to.serverSeconds - from.serverSeconds).toFixed(1)} s of CPU, ` +
    `${mib(from.serverBytes)} idle, ${mib(to.serverBytes)} now, ${mib(to.serverPeakBytes)} maximum`
  );
}

/** Bytes as text in mebibytes. */
export function mib(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

/** A count with thousands separators. */
export function grouped(count: number): string {
  return Math.round(count).toLocaleString("en");
}

/** The median; for an even number of values the mean of the middle two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
