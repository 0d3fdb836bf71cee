import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { compiledHolder, Holder } from "./holder.js";
import { scratchFolder } from "./scratch-folder.js";

/** The outcomes of all pairs of starts. */
export interface Starts {
  /** The numbers of winners: 1 for each pair. */
  readonly winners: readonly number[];
  /** The reasons that the losers got. */
  readonly refusals: ReadonlySet<string>;
  readonly dir: string;
}

/**
 * Two processes want a folder at the same moment. Then the winner is killed, without a chance to give the folder back,
 * and the loser and a new process want the folder.
 */
export async function simultaneousStarts(pairs: number): Promise<Starts> {
  const folder = scratchFolder();
  const dir = join(folder, "journal");
  mkdirSync(dir);
  const program = compiledHolder(folder);
  const winners: number[] = [];
  const refusals = new Set<string>();
  let contenders: readonly Holder[] = await Promise.all([Holder.start(program), Holder.start(program)]);
  for (let pair = 0; pair < pairs; pair += 1) {
    const atMs = Date.now() + 20;
    const answers = await Promise.all(contenders.map((holder) => holder.hold(dir, atMs)));
    winners.push(answers.filter((answer) => answer === "held").length);
    for (const answer of answers) if (answer !== "held") refusals.add(answer);
    const losers = contenders.filter((_, index) => answers[index] !== "held");
    await Promise.all(contenders.filter((holder) => !losers.includes(holder)).map((holder) => holder.kill()));
    contenders = [...losers, await Holder.start(program)];
  }
  return { winners, refusals, dir };
}
