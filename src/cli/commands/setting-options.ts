import { Option, type Command } from "commander";

import {
  defaultText,
  describeSetting,
  settings,
  variableName,
  type Setting,
  type SettingText,
} from "../../config/settings.js";

const configOption = "config";

/** Gives the command an option for each setting, with the schema's words as help. */
export function addSettingOptions(command: Command): void {
  for (const setting of settings) if (setting.secret !== true) command.addOption(optionOf(setting));
  command.option(
    `--${configOption} <FILE>`,
    `A JSON file of settings; config.schema.json describes it. Limits are set there. [${variableName(configOption)}]`,
  );
}

/** What the command line gave, by option name; what it did not give is absent. */
export function givenSettings(command: Command): ReadonlyMap<string, SettingText> {
  const given = new Map<string, SettingText>();
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    const text = settingText(value);
    if (text !== undefined) given.set(option.name(), text);
  }
  return given;
}

function optionOf(setting: Setting): Option {
  const byDefault = defaultText(setting);
  const known = byDefault === undefined ? "" : ` Default: ${byDefault}.`;
  const help = `${describeSetting(setting)}${known} [${variableName(setting.option)}]`;
  const option = new Option(`--${setting.option} ${setting.argument}`, help);
  return setting.form === "list" ? option.argParser(appended) : option;
}

function appended(text: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), text];
}

function settingText(value: unknown): SettingText | undefined {
  if (value === true || typeof value === "string") return value;
  return Array.isArray(value) ? value.map(String) : undefined;
}
