import type { Argument, Command, Option } from "commander";

import { configJsonSchema, settings } from "../../config/settings.js";
import { isRepeatable } from "../terminal/repeatable.js";

/** A command as the shells complete it. */
export interface CompletedCommand {
  /** The words of the command, such as `token check`; empty for the program. */
  readonly path: string;
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** The value of the first argument; undefined if there is none. */
  readonly argument: CompletedValue | undefined;
  readonly commands: readonly CompletedCommand[];
}

export interface CompletedOption {
  /** Such as `-h` and `--help`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Undefined for a switch. */
  readonly value: CompletedValue | undefined;
  readonly isRepeatable: boolean;
}

export interface CompletedValue {
  /** The name in the help, such as `FILE`. */
  readonly name: string;
  readonly isRequired: boolean;
  /** The words that the value may be. There may be other values. */
  readonly words: readonly string[];
  readonly paths: "files" | "folders" | "none";
}

/** Reads what shells complete from the declarations of the commands. Hidden commands are left out. */
export function completedCommand(command: Command, parent = ""): CompletedCommand {
  const isRoot = command.parent === null;
  const path = isRoot ? "" : `${parent} ${command.name()}`.trim();
  const [first] = command.registeredArguments;
  return {
    path,
    name: command.name(),
    description: firstSentence(command.description()),
    options: command.createHelp().visibleOptions(command).map(completedOption),
    argument: first === undefined ? undefined : argumentValue(first, command),
    commands: visibleCommands(command).map((inner) => completedCommand(inner, path)),
  };
}

/** A command, and all commands below it. */
export function allCommands(command: CompletedCommand): readonly CompletedCommand[] {
  return [command, ...command.commands.flatMap(allCommands)];
}

function completedOption(option: Option): CompletedOption {
  const name = /[<[](.*?)(?:\.\.\.)?[>\]]$/.exec(option.flags)?.[1];
  const words = option.argChoices ?? settingWords.get(option.name());
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: firstSentence(option.description),
    value: name === undefined ? undefined : { ...valueOf(name, words), isRequired: option.required },
    isRepeatable: isRepeatable(option),
  };
}

/** The argument of `help` is a command. */
function argumentValue(argument: Argument, command: Command): CompletedValue {
  const words = argument.name() === "COMMAND" ? namesBeside(command) : argument.argChoices;
  return { ...valueOf(argument.name(), words), isRequired: argument.required };
}

function namesBeside({ parent }: Command): readonly string[] {
  return parent === null ? [] : visibleCommands(parent).map((command) => command.name());
}

/** Without the command `help` of commander. */
function visibleCommands(command: Command): readonly Command[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((inner) => command.commands.includes(inner));
}

/** The words that a setting of the hub allows, if its schema lists them. */
const settingWords: ReadonlyMap<string, readonly string[]> = new Map(
  settings.flatMap(({ option, key }) => {
    const { enum: words } = properties()[key] ?? {};
    return words === undefined ? [] : [[option, words]];
  }),
);

function properties(): Readonly<Record<string, { readonly enum?: readonly string[] }>> {
  return configJsonSchema()["properties"] as Readonly<Record<string, { readonly enum?: readonly string[] }>>;
}

/** Reads the name of a value in the help, such as `on|off`, `FILE|URL` or `FOLDER|off`. Small letters are a word. */
function valueOf(name: string, words: readonly string[] | undefined): Omit<CompletedValue, "isRequired"> {
  const forms = name.split("|");
  const has = (...places: readonly string[]): boolean => forms.some((form) => places.includes(form));
  return {
    name,
    words: words ?? forms.filter((form) => /^[a-z]+$/.test(form)),
    paths: has("FILE") ? "files" : has("DIR", "FOLDER") ? "folders" : "none",
  };
}

/** Without the full stop, as the shells show descriptions. */
function firstSentence(text: string): string {
  return (text.split(/[.;:]\s/)[0] ?? "").replace(/\.$/, "").replaceAll("`", "").trim();
}
