import { Command, CommanderError } from "commander";

import { configJsonSchema } from "../config/settings.js";
import { exitCodeOf, failureText } from "./terminal/failure.js";
import { exitCodes, type Io } from "./terminal/io.js";
import { addCheckConfig } from "./settings/check-config-command.js";
import { addConfig } from "./settings/config-command.js";
import { addCompletion } from "./completion/completion-command.js";
import { addHistory } from "./commands/history/history-commands.js";
import { addKeys } from "./commands/keys-command.js";
import { addJournal } from "./journal/journal-command.js";
import { addBeacon, addPublish } from "./commands/publish/publish-commands.js";
import { addSettingOptions, givenSettings } from "./settings/setting-options.js";
import { addSubscribe } from "./commands/subscribe-command.js";
import { addToken } from "./commands/token-command.js";
import { refuseRepeatedOptions } from "./repeated-options.js";
import { packageVersion } from "../version.js";

/**
 * Runs the command line `args` (without node and script) and returns the exit code: 0 stopped, 1 failure, 2 incorrect
 * usage. Never throws: writes errors to standard error.
 */
export async function run(args: readonly string[], io: Io): Promise<number> {
  const ended: Ended = { code: exitCodes.stopped };
  try {
    await createProgram(io, ended).parseAsync(args, { from: "user" });
    return ended.code;
  } catch (error) {
    // Commander has already printed the error, the help or the version.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.stopped : exitCodes.badUsage;
    io.stderr.write(failureText(error, io.environment));
    return exitCodeOf(error);
  }
}

/** The result of a command. */
export interface Ended {
  code: number;
}

/** Creates all commands. The action of a command writes the exit code to `ended`. */
export function createProgram(io: Io, ended: Ended): Command {
  const root = new Command("pharos")
    .description(
      "A push hub: programs publish, and browsers receive all topics that they follow over one event stream.",
    )
    .version(packageVersion(), "-v, --version", "Print the version.")
    .helpOption("-h, --help", "Print this help.")
    .helpCommand(false)
    // An option belongs to the command on its left, because both `token` and `token check` have --config.
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void io.stdout.write(text),
      writeErr: (text) => void io.stderr.write(text),
      outputError: (text, write) => write(text.replace(/^error: /, "pharos: ")),
    })
    .showHelpAfterError("(pharos --help lists commands and options)");
  const ending = (code: number): void => void (ended.code = code);
  addServe(root, io, ended);
  addCheckConfig(root, io);
  addConfig(root, io);
  addPublish(root, io, ending);
  addBeacon(root, io, ending);
  addKeys(root, io);
  addSubscribe(root, io, ending);
  addHistory(root, io, ending);
  addToken(root, io, ending);
  addJournal(root, io, ending);
  addCompletion(root, io);
  addHelp(root);
  root
    .command("config-schema", { hidden: true })
    .description("Print the JSON schema of the settings file.")
    .action(() => void io.stdout.write(`${JSON.stringify(configJsonSchema(), null, 2)}\n`));
  refuseRepeatedOptions(root);
  return root;
}

function addServe(root: Command, io: Io, ended: Ended): void {
  const command = root.command("serve").description("Run a hub until Ctrl-C.");
  addSettingOptions(command);
  command.action(async () => {
    const { serve } = await import("./commands/serve.js");
    ended.code = await serve(givenSettings(command), io);
  });
}

/** Adds the command `help`. Commander's own `help` finds no command in a command, and ignores unknown names. */
function addHelp(root: Command): void {
  root
    .command("help")
    .description("Print the help of a command.")
    .argument("[COMMAND...]", "The command, as in `help token check`. Default: all commands.")
    .action((names: readonly string[]) => {
      let found = root;
      for (const name of names)
        found =
          found.commands.find((command) => command.name() === name) ??
          root.error(`error: unknown command '${names.join(" ")}'`);
      found.outputHelp();
    });
}
