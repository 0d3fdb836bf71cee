import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { saveHistory } from "../history/recorder.js";
import { Ends } from "../site/ends.js";
import { judge } from "../verdict/judge.js";
import type { Verdict } from "../verdict/judge.js";
import { chaosRun } from "./chaos-run.js";
import type { ChaosRunOptions } from "./chaos-run.js";

/** Runs a seed and judges its history. Saves the history if a promise was broken, and names the folder. */
export async function judgedRun(
  options: Omit<ChaosRunOptions, "ends">,
): Promise<Verdict & { readonly folder?: string }> {
  const ends = new Ends();
  try {
    const history = await chaosRun({ ...options, ends });
    const verdict = judge(history, { allowsInterruptions: false });
    if (verdict.findings.length === 0) return verdict;
    const folder = await mkdtemp(join(tmpdir(), `pharos-chaos-seed-${options.seed}-`));
    await saveHistory(history, folder);
    return { ...verdict, folder };
  } finally {
    await ends.run();
  }
}
