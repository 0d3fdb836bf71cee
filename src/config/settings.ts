import { schemasOf, variableName, type Setting } from "./declare/setting.js";
import { httpSettings } from "./settings/http.js";
import { mongrel2Settings } from "./settings/mongrel2.js";
import { operatingSettings } from "./settings/operating.js";
import { publishingSettings } from "./settings/publishing.js";
import { streamSettings } from "./settings/streams.js";
import { tokenSettings } from "./settings/tokens.js";

/** A setting's text as options and environment give it: one text, several, or an option without its value. */
export type SettingText = string | readonly string[] | true;

/** A setting with its name in the JSON file and in the configuration. */
export interface NamedSetting extends Setting {
  readonly key: string;
}

export interface SettingGroup {
  readonly title: string;
  readonly settings: readonly NamedSetting[];
}

/** The parser of each setting that has an option or a variable. */
export const settingSchemas = {
  ...schemasOf(httpSettings),
  ...schemasOf(publishingSettings),
  ...schemasOf(streamSettings),
  ...schemasOf(tokenSettings),
  ...schemasOf(operatingSettings),
  ...schemasOf(mongrel2Settings),
};

/** The settings in the order of `--help`. To add one, declare it in one of these groups. */
export const settingGroups: readonly SettingGroup[] = [
  { title: "HTTP", settings: named(httpSettings) },
  { title: "Publishing", settings: named(publishingSettings) },
  { title: "Streams", settings: named(streamSettings) },
  { title: "Tokens", settings: named(tokenSettings) },
  { title: "Operating", settings: named(operatingSettings) },
  { title: "Mongrel2", settings: named(mongrel2Settings) },
];

export const settings: readonly NamedSetting[] = settingGroups.flatMap((group) => group.settings);

/** What `--help` says of a setting: what it does, its default and its variable. */
export function helpOf({ help, form, otherwise, byDefault = otherwise, option }: Setting): string {
  const words = [
    help,
    ...(form === "list" ? ["Repeatable."] : []),
    ...(byDefault === undefined ? [] : [`Default: ${byDefault}.`]),
    `[${variableName(option)}]`,
  ];
  return words.join(" ").replaceAll("`", "");
}

function named(group: Readonly<Record<string, Setting>>): readonly NamedSetting[] {
  return Object.entries(group).map(([key, setting]) => Object.assign({ key }, setting));
}
