import { Option, type Command } from "commander";

import { fileVariableName, variableName } from "../../config/declare/setting.js";
import {
  helpOf,
  settingGroups,
  settings as allSettings,
  type NamedSetting,
  type SettingText,
} from "../../config/settings.js";
import { appended } from "../terminal/repeatable.js";

const configOption = "config";

/** Adds an option for each setting that is not a secret. */
export function addSettingOptions(command: Command): void {
  for (const { title, settings } of settingGroups)
    for (const setting of settings)
      if (setting.secret !== true) command.addOption(optionOf(setting).helpGroup(`${title}:`));
  command.option(
    `--${configOption} <FILE>`,
    `JSON file with settings, limits and secrets; config.schema.json describes it. [${variableName(configOption)}]`,
  );
  command.addHelpText("after", secretsText());
}

/** The settings of the command line, by option name. */
export function givenSettings(command: Command): ReadonlyMap<string, SettingText> {
  const given = new Map<string, SettingText>();
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    const text = settingText(value);
    if (text !== undefined) given.set(option.name(), text);
  }
  return given;
}

function secretsText(): string {
  const secrets = allSettings.filter(({ secret }) => secret === true);
  const lines = secrets.map(
    (setting) => `  ${variableName(setting.option)}: ${setting.help.replaceAll("`", "")}`,
  );
  const files = secrets.map(({ option }) => fileVariableName(option)).join(", ");
  return [
    "\nSecrets, in the environment or the file only:",
    ...lines,
    `  ${files}: a file with the secret, instead of the secret itself.`,
  ].join("\n");
}

function optionOf(setting: NamedSetting): Option {
  const option = new Option(`--${setting.option} ${setting.argument}`, helpOf(setting));
  return setting.form === "list" ? option.argParser(appended) : option;
}

function settingText(value: unknown): SettingText | undefined {
  if (value === true || typeof value === "string") return value;
  return Array.isArray(value) ? value.map(String) : undefined;
}
