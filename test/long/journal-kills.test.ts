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

/** The kills for each front, and for each round of kills with clients of its own. */
const kills = Number(process.env["PHAROS_KILLS"] ?? 100);
const killsPerRound = 10;
const subscribers = 50;

/** No round begins after this time. The next run of this file goes on with the kills that are left. */
const longestMs = 11 * 60_000;

const log = new VerdictLog("journal-kills");

/** Kills a hub {@link killsPerRound} times, and logs the verdict. */
async function round(front: KillFront, seed: number): Promise<void> {
  const ends = new Ends();
  try {
    const options = { front, seed, kills: killsPerRound, subscribers, perLife: 1000, ends };
    const { history, perSecond, zeromq } = await killsRun(options);
    const { findings, figures } = judge(history, { allowsInterruptions: false });
    await log.add({
      commit: currentCommit(),
      site: front,
      seed,
      length: killsPerRound,
      findings,
      figures: { ...figures, perSecond, zeromqSent: zeromq.sent, zeromqLost: zeromq.lost },
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

function print(front: KillFront, verdicts: readonly LoggedVerdict[]): void {
  const killed = verdicts.reduce((sum, { length }) => sum + length, 0);
  const sum = (figure: string): string => grouped(sumOf(verdicts, figure));
  const broken = (...rules: readonly Rule[]): number =>
    verdicts
      .flatMap(({ findings }) => findings)
      .reduce((sum, { rule, count }) => sum + (rules.includes(rule) ? count : 0), 0);
  printFigures(`${killed} kills of a hub with a journal on disk, ${subscribers} subscribers (${front})`, [
    `${grouped(sumOf(verdicts, "perSecond") / verdicts.length)} publications/s, ${sum("received")} received`,
    `acknowledged ${sum("acknowledged")}, missing ${broken("acknowledged-lost", "missed")}, ` +
      `repeated ${broken("repeated")}, out of order ${broken("out-of-order", "before-its-turn")}, gaps ${sum("gaps")}`,
    `ZeroMQ: sent ${sum("zeromqSent")}, lost ${(sumOf(verdicts, "zeromqLost") / killed).toFixed(1)} for each kill`,
  ]);
}

it.each(killFronts)(
  `a hub with a journal on disk loses nothing in ${kills} kills (%s)`,
  async (front) => {
    const endsMs = performance.now() + longestMs;
    const verdicts = async (): Promise<readonly LoggedVerdict[]> =>
      (await log.of(currentCommit())).filter(({ site }) => site === front);
    for (let done = (await verdicts()).length; done * killsPerRound < kills; done += 1) {
      if (performance.now() > endsMs) break;
      await round(front, done + 1);
    }
    const all = await verdicts();
    print(front, all);
    expect(all.flatMap(({ findings }) => findings)).toEqual([]);
  },
  longestMs + 10 * 60_000,
);
