import type { Command } from "commander";

import { bashCompletion } from "./bash-completion.js";
import { completedCommand, type CompletedCommand } from "./completed-command.js";
import { fishCompletion } from "./fish-completion.js";
import { zshCompletion } from "./zsh-completion.js";

const writers = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } satisfies Readonly<
  Record<string, (root: CompletedCommand) => string>
>;

/** Writes the script with which a shell completes the commands of a program. */
export function completionScript(root: Command, shell: keyof typeof writers): string {
  return writers[shell](completedCommand(root));
}
