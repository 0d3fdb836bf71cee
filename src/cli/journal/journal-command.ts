import type { Command } from "commander";

import type { Io } from "../terminal/io.js";
import { untilInterrupted } from "../terminal/until-interrupted.js";

const folderHelp = "The folder of the journal, as in --journal disk:DIR. A hub may use it meanwhile.";

/** Adds the commands `journal check` and `journal dump`; `ended` receives the exit code. */
export function addJournal(root: Command, io: Io, ended: (code: number) => void): void {
  const journal = root
    .command("journal")
    .helpCommand(false)
    .description("Read the files of a journal on disk, without a change to them.");
  journal
    .command("check")
    .description(
      "Read every record and every snapshot. Print what is there and what is damaged; exit with 1 on damage.",
    )
    .argument("<DIR>", folderHelp)
    .action(async (dir: string) => {
      const { check } = await import("./check.js");
      ended(await untilInterrupted(io, () => check(dir, io)));
    });
  journal
    .command("dump")
    .description("Print each stored publication, also those that are evicted, as one line of JSON.")
    .argument("<DIR>", folderHelp)
    .option("--topic <F>", "A filter: a topic, with MQTT's + and # as wildcards.")
    .option("--after <ID>", "Start after the publication with this event id, or with this offset.")
    .action(async (dir: string, options: { readonly topic?: string; readonly after?: string }) => {
      const { dump } = await import("./dump.js");
      ended(await untilInterrupted(io, () => dump({ dir, ...options }, io)));
    });
}
