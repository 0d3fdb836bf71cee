import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { startChild, type Child } from "../../support/ipc.js";
import { before } from "../../support/wait-for.js";
import type { HolderProtocol } from "./folder-holder.js";
import { scratchFolder } from "./scratch-folder.js";

/** The outcomes of all pairs of starts. */
export interface Starts {
  /** The numbers of winners: 1 for each pair. */
  readonly winners: readonly number[];
  /** The reasons that the losers got. */
  readonly refusals: ReadonlySet<string>;
  readonly dir: string;
  /** The sockets that are left after the last pair. */
  readonly sockets: readonly string[];
}

/**
 * Two processes want a folder at the same moment. Then the winner is killed, without a chance to give the folder back,
 * and the loser and a new process want the folder.
 */
export async function simultaneousStarts(pairs: number): Promise<Starts> {
  const dir = join(scratchFolder(), "journal");
  mkdirSync(dir);
  const winners: number[] = [];
  const refusals = new Set<string>();
  let contenders = [newHolder(), newHolder()];
  for (let pair = 0; pair < pairs; pair += 1) {
    const answers = await holdBoth(contenders, dir);
    const losers = contenders.filter((_, index) => answers[index] !== "held");
    winners.push(contenders.length - losers.length);
    for (const answer of answers) if (answer !== "held") refusals.add(answer);
    await Promise.all(contenders.filter((child) => !losers.includes(child)).map((child) => child.close()));
    contenders = [...losers, newHolder()];
  }
  return { winners, refusals, dir, sockets: readdirSync(dir) };
}

function newHolder(): Child<HolderProtocol> {
  return startChild<HolderProtocol>({ entry: new URL("folder-holder.ts", import.meta.url) });
}

async function holdBoth(contenders: readonly Child<HolderProtocol>[], dir: string): Promise<string[]> {
  const missing = "the processes do not answer";
  // A process that was just started is ready only after its first answer.
  const ready = contenders.map((child) => child.call("hold", { dir: join(dir, "none"), atMs: 0 }));
  await before(Promise.all(ready), { within: 60_000, missing });
  const atMs = Date.now() + 20;
  return before(Promise.all(contenders.map((child) => child.call("hold", { dir, atMs }))), {
    within: 60_000,
    missing,
  });
}
