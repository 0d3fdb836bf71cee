import { fileVariableName, variableName, type Setting, type SettingForm } from "./declare/setting.js";
import { limitPaths } from "./limit-sections.js";
import { settings, type SettingText } from "./settings.js";

/** A value in the file's form, not yet validated, and the option or variable that gave the value. */
export interface Given {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: string;
}

/** Yields the settings of the command line. */
export function* givenByOptions(options: ReadonlyMap<string, SettingText>): Iterable<Given> {
  for (const setting of settings.filter(({ secret }) => secret !== true)) {
    const text = options.get(setting.option);
    if (text === undefined) continue;
    yield { path: [setting.key], value: fromText(text, setting), origin: `--${setting.option}` };
  }
}

/** Yields the settings and limits of the environment. An empty variable counts as absent. */
export function* givenByEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): Iterable<Given> {
  for (const { path, variable, form } of variables()) {
    const text = environment[variable]?.trim();
    if (text === undefined || text === "") continue;
    yield { path, value: fromText(form === "list" ? text.split(/\s+/) : text, { form }), origin: variable };
  }
}

/** The names of all variables that set something. */
export function variableNames(): readonly string[] {
  const files = settings
    .filter(({ secret }) => secret === true)
    .map(({ option }) => fileVariableName(option));
  return [variableName("config"), ...[...variables()].map(({ variable }) => variable), ...files];
}

interface Variable {
  readonly path: readonly string[];
  readonly variable: string;
  readonly form: SettingForm;
}

function* variables(): Iterable<Variable> {
  for (const { key, option, form } of settings) yield { path: [key], variable: variableName(option), form };
  for (const path of limitPaths())
    yield { path, variable: variableName(path.map(hyphenated).join("-")), form: "number" };
}

function hyphenated(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Text that is not a number remains text, so that the error message can quote the text. */
function fromText(text: SettingText, { form, bare }: Pick<Setting, "form" | "bare">): unknown {
  const value = text === true ? bare : text;
  return form === "number" && typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value)
    ? Number(value)
    : value;
}
