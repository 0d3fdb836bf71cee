import { execFileSync } from "node:child_process";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../support/ipc.js";
import type { Figures, Finding } from "../verdict/judge.js";

/** The verdict on one seed, as a line of the file. */
export interface LoggedVerdict {
  readonly commit: string;
  readonly journal: string;
  readonly seed: number;
  readonly seconds: number;
  readonly findings: readonly Finding[];
  readonly figures: Figures;
}

const file = join(root, "docs", "benchmarks", "runs", "chaos.ndjson");

/** The commit of this checkout. */
export function currentCommit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
}

export async function loggedVerdicts(): Promise<readonly LoggedVerdict[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as LoggedVerdict);
}

export async function logVerdict(verdict: LoggedVerdict): Promise<void> {
  await appendFile(file, `${JSON.stringify(verdict)}\n`);
}
