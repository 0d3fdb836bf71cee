import { Argument, type Command } from "commander";

import type { Io } from "../terminal/io.js";

const shells = ["bash", "zsh", "fish"] as const;

type Shell = (typeof shells)[number];

/** Adds the command `completion`, which writes scripts for all commands of `root`. */
export function addCompletion(root: Command, io: Io): void {
  root
    .command("completion")
    .description("Print a script with which a shell completes commands, options, words and files.")
    .addArgument(new Argument("<SHELL>", "The shell.").choices(shells))
    .addHelpText("after", installText)
    .action(async (shell: Shell) => {
      const { completionScript } = await import("./completion-script.js");
      io.stdout.write(completionScript(root, shell));
    });
}

/** Where each shell looks for scripts. */
const installText = `
To install it:
  bash  pharos completion bash > ~/.local/share/bash-completion/completions/pharos
        Without the package bash-completion, put this line into ~/.bashrc:
        source <(pharos completion bash)
  zsh   pharos completion zsh > ~/.zfunc/_pharos
        Put this line into ~/.zshrc, before compinit: fpath=(~/.zfunc $fpath)
  fish  pharos completion fish > ~/.config/fish/completions/pharos.fish
Create the folder if it does not exist. Open a new shell afterwards.`;
