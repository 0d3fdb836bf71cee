import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { saveHistory } from "../chaos/history/recorder.js";
import { killFronts, killsRun } from "../chaos/run/kills-run.js";
import type { KillFront } from "../chaos/run/kills-run.js";
import { currentCommit, VerdictLog } from "../chaos/run/verdict-log.js";
import type { LoggedVerdict } from "../chaos/run/verdict-log.js";
import { Ends } from "../chaos/site/ends.js";
import type { Rule } from "../chaos/verdict/case.js";
import { judge } from "../chaos/verdict/judge.js";
import { grouped, printFigures } from "../support/load/figures.js";

/** The seeds, as `FROM-TO`. Each seed is a round of kills with clients of its own. */
const [from = 1, to = 10] = (process.env["PHAROS_KILLS_SEEDS"] ?? "1-10").split("-").map(Number);
const killsPerRound = 10;
const subscribers = 50;
const perSecond = 2100;

/** No round begins after this time. The next run of this file goes on with the seeds that are left. */
const longestMs = 11 * 60_000;

const log = new VerdictLog("journal-kills");

/** Kills a hub {@link killsPerRound} times, and logs the verdict. */
async function round(front: KillFront, seed: number): Promise<void> {
  const ends = new Ends();
  try {
    const options = {
      front,
      seed,
      kills: killsPerRound,
      subscribers,
      perSecond,
      perLife: 2 * perSecond,
      ends,
    };
    const { history, sentPerSecond, acknowledgedPerSecond, zeromq } = await killsRun(options);
    const { findings, figures } = judge(history, { allowsInterruptions: false });
    await log.add({
      commit: currentCommit(),
      site: front,
      seed,
      length: killsPerRound,
      findings,
      figures: {
        ...figures,
        sentPerSecond: Math.round(sentPerSecond),
        acknowledgedPerSecond: Math.round(acknowledgedPerSecond),
        zeromqSent: zeromq.sent,
        zeromqLost: zeromq.lost,
      },
    });
    if (findings.length === 0) return;
    const folder = await mkdtemp(join(tmpdir(), `pharos-kills-${front}-`));
    await saveHistory(history, folder);
    printFigures("a promise is broken", [`the history is in ${folder}`]);
  } finally {
    await ends.run();
  }
}

function sumOf(verdicts: readonly LoggedVerdict[], figure: string): number {
  return verdicts.reduce((sum, { figures }) => sum + (figures[figure] ?? 0), 0);
}

/** Prints the row of a front in docs/benchmarks/journal-kills.md. */
function print(front: KillFront, verdicts: readonly LoggedVerdict[]): void {
  if (verdicts.length === 0) return;
  const killed = verdicts.reduce((sum, { length }) => sum + length, 0);
  const sum = (figure: string): string => grouped(sumOf(verdicts, figure));
  const broken = (...rules: readonly Rule[]): number =>
    verdicts
      .flatMap(({ findings }) => findings)
      .reduce((sum, { rule, count }) => sum + (rules.includes(rule) ? count : 0), 0);
  const mean = (figure: string): string => grouped(sumOf(verdicts, figure) / verdicts.length);
  const cells = [
    front,
    killed,
    `${mean("sentPerSecond")} and ${mean("acknowledgedPerSecond")}`,
    sum("acknowledged"),
    broken("acknowledged-lost", "missed", "seen-and-gone"),
    broken("repeated"),
    broken("out-of-order", "before-its-turn"),
    sum("gaps"),
    sum("received"),
    (sumOf(verdicts, "zeromqLost") / killed).toFixed(1),
  ];
  printFigures("kills of a hub with a journal on disk", [
    "| front | kills | sent and acknowledged in a second | acknowledged | missing | repeated | out of order | gaps | received | ZeroMQ: lost for each kill |",
    `| ${cells.join(" | ")} |`,
  ]);
}

function missingSeeds(verdicts: readonly LoggedVerdict[]): readonly number[] {
  const seeds = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  return seeds.filter((seed) => !verdicts.some((each) => each.seed === seed));
}

it.each(killFronts)(
  `a hub with a journal on disk loses nothing in its kills of seeds ${from} to ${to} (%s)`,
  async (front) => {
    const endsMs = performance.now() + longestMs;
    const verdicts = async (): Promise<readonly LoggedVerdict[]> =>
      (await log.of(currentCommit())).filter(({ site }) => site === front);
    for (const seed of missingSeeds(await verdicts())) {
      if (performance.now() > endsMs) break;
      await round(front, seed);
    }
    const all = await verdicts();
    print(front, all);
    expect(all.flatMap(({ findings }) => findings)).toEqual([]);
  },
  longestMs + 10 * 60_000,
);
