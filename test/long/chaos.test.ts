import { expect, it } from "vitest";
import { judgedRun } from "../chaos/run/judged-run.js";
import { chaosJournals } from "../chaos/site/chaos-site.js";
import { whyNoHosts } from "../chaos/site/hosts.js";
import { currentCommit, VerdictLog } from "../chaos/run/verdict-log.js";
import { printFigures } from "../support/load/figures.js";

/** The seeds, as `FROM-TO`. */
const [from = 1, to = 200] = (process.env["PHAROS_CHAOS_SEEDS"] ?? "1-200").split("-").map(Number);
const seconds = Number(process.env["PHAROS_CHAOS_SECONDS"] ?? 20);
const journals = chaosJournals.filter((journal) => journal !== "memory");

/** No seed begins after this time. The next run of this file goes on with the seeds that are left. */
const longestMs = 9 * 60_000;

const log = new VerdictLog("chaos");

async function missingSeeds(commit: string, journal: string): Promise<readonly number[]> {
  const verdicts = await log.of(commit);
  const done = verdicts.filter((each) => each.site === journal && each.length === seconds);
  const seeds = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return seeds.filter((seed) => !done.some((each) => each.seed === seed));
}

it.for(journals)(
  `seeds ${from} to ${to} of ${seconds} s break no promise (%s)`,
  { timeout: longestMs + 4 * 60_000 },
  async (journal, { skip }) => {
    const reason = journal === "hosts" ? await whyNoHosts() : undefined;
    skip(reason !== undefined, reason);
    const commit = currentCommit();
    const missing = await missingSeeds(commit, journal);
    const endsMs = performance.now() + longestMs;
    let done = 0;
    for (const seed of missing) {
      if (performance.now() > endsMs) break;
      const { findings, figures, folder } = await judgedRun({ seed, seconds, journal });
      await log.add({ commit, site: journal, seed, length: seconds, findings, figures: { ...figures } });
      done += 1;
      if (folder !== undefined)
        printFigures(`seed ${seed} has broken a promise`, [`its history is in ${folder}`]);
    }
    printFigures(`chaos at ${commit} (${journal})`, [
      `${done} seeds ran, ${missing.length - done} are left for the next run`,
    ]);
    const broken = (await log.of(commit)).filter(
      ({ site, findings }) => site === journal && findings.length > 0,
    );
    expect(broken).toEqual([]);
  },
);
