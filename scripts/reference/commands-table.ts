import type { Argument, Command, Option } from "commander";
import { createProgram } from "../../src/cli/program.js";
import { settings } from "../../src/config/settings.js";
import { code, table } from "./markdown.js";

/** The options and arguments of all commands except `serve`. */
export function commandsTable(): string {
  const { stdin, stdout, stderr } = process;
  const interrupted = new AbortController().signal;
  const ignore = (): void => undefined;
  const io = {
    stdin,
    stdout,
    stderr,
    environment: {},
    interrupted,
    interrupt: ignore,
    onReload: ignore,
    outlivesOutput: ignore,
  };
  const root = createProgram(io, { code: 0 });
  const commands = root
    .createHelp()
    .visibleCommands(root)
    .filter((command) => command.name() !== "serve");
  return table(
    ["command", "option", "default", "meaning"],
    commands.flatMap((command) => rowsOf(command, command.name())),
  );
}

function rowsOf(command: Command, name: string): (readonly string[])[] {
  const ofServe = new Set([...settings.map(({ option }) => option), "config", "help"]);
  const options = command.options.filter((option) => !ofServe.has(option.name()));
  return [
    ...command.registeredArguments.map((argument) => argumentRow(name, argument)),
    ...options.map((option) => optionRow(name, option)),
    ...command.commands.flatMap((inner) => rowsOf(inner, `${name} ${inner.name()}`)),
  ];
}

function argumentRow(command: string, argument: Argument): readonly string[] {
  const name = argument.required ? argument.name() : `[${argument.name()}]`;
  return [code(command), code(name), defaultOf(argument), argument.description];
}

function optionRow(command: string, option: Option): readonly string[] {
  return [code(command), code(option.flags.replaceAll(/[<>]/g, "")), defaultOf(option), option.description];
}

function defaultOf({ defaultValue }: Argument | Option): string {
  return defaultValue === undefined ? "none" : code(String(defaultValue));
}
