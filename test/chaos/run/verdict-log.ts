import { execFileSync } from "node:child_process";
import { appendFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../../support/ipc.js";
import type { Figures, Finding } from "../verdict/judge.js";

/** The verdict on one seed, as a line of a file. */
export interface LoggedVerdict {
  readonly commit: string;
  /** What ran: the journal, or the front. */
  readonly site: string;
  readonly seed: number;
  /** The seconds, or the kills. */
  readonly length: number;
  readonly findings: readonly Finding[];
  readonly figures: Figures & Readonly<Record<string, number>>;
}

/** The commit of this checkout. */
export function currentCommit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
}

/** Verdicts of long tests, in a file of docs/benchmarks/runs. So a test can be interrupted and go on later. */
export class VerdictLog {
  readonly #file: string;

  /** @param name the name of the file, without its ending */
  constructor(name: string) {
    this.#file = join(root, "docs", "benchmarks", "runs", `${name}.ndjson`);
  }

  /** All verdicts of one commit. */
  async of(commit: string): Promise<readonly LoggedVerdict[]> {
    const text = await readFile(this.#file, "utf8").catch(() => "");
    const lines = text.split("\n").filter((line) => line !== "");
    return lines
      .map((line) => JSON.parse(line) as LoggedVerdict)
      .filter((verdict) => verdict.commit === commit);
  }

  async add(verdict: LoggedVerdict): Promise<void> {
    await appendFile(this.#file, `${JSON.stringify(verdict)}\n`);
  }
}
