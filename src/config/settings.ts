import { z } from "zod";

import { checkTogether } from "./cross-checks.js";
import { schemasOf, variableName, type Setting } from "./declare/setting.js";
import { limitsSchema } from "./limits-schema.js";
import { httpSettings } from "./settings/http.js";
import { journalSettings } from "./settings/journal.js";
import { mongrel2Settings } from "./settings/mongrel2.js";
import { operatingSettings } from "./settings/operating.js";
import { publishingSettings } from "./settings/publishing.js";
import { streamSettings } from "./settings/streams.js";
import { tokenSettings } from "./settings/tokens.js";
import { tokenIssuers } from "./values/token-issuer.js";

/** The text of a setting from an option or the environment: one text, several texts, or true for a bare option. */
export type SettingText = string | readonly string[] | true;

/** A setting with its name in the JSON file and in the configuration. */
export interface NamedSetting extends Setting {
  readonly key: string;
}

export interface SettingGroup {
  readonly title: string;
  readonly settings: readonly NamedSetting[];
}

/** The settings in the order of `--help`. To add a setting, declare it in one of these groups. */
export const settingGroups: readonly SettingGroup[] = [
  { title: "HTTP", settings: named(httpSettings) },
  { title: "Publishing", settings: named(publishingSettings) },
  { title: "Journal", settings: named(journalSettings) },
  { title: "Streams", settings: named(streamSettings) },
  { title: "Tokens", settings: named(tokenSettings) },
  { title: "Operating", settings: named(operatingSettings) },
  { title: "Mongrel2", settings: named(mongrel2Settings) },
];

export const settings: readonly NamedSetting[] = settingGroups.flatMap((group) => group.settings);

/** The text of `--help` for a setting: its effect, its default and its variable. */
export function helpOf({ help, form, otherwise, byDefault = otherwise, option }: Setting): string {
  const words = [
    help,
    ...(form === "list" ? ["Repeatable."] : []),
    ...(byDefault === undefined ? [] : [`Default: ${byDefault}.`]),
    `[${variableName(option)}]`,
  ];
  return words.join(" ").replaceAll("`", "");
}

/**
 * All settings in the form of the JSON file. `loadConfig` first converts options and variables to this form, so this
 * schema is the only validator. The message of an issue names the allowed values.
 */
export const configSchema = z
  .strictObject({
    $schema: z
      .string()
      .optional()
      .describe("The location of this schema, for editors. The hub ignores this key."),
    ...schemasOf(httpSettings),
    ...schemasOf(publishingSettings),
    ...schemasOf(journalSettings),
    ...schemasOf(streamSettings),
    ...schemasOf(tokenSettings),
    ...schemasOf(operatingSettings),
    ...schemasOf(mongrel2Settings),
    tokens: tokenIssuers,
    limits: limitsSchema,
  })
  .superRefine(checkTogether);

/** The result of parsing a settings file with {@link configSchema}. */
export type ParsedSettings = z.output<typeof configSchema>;

/** The published JSON schema of the settings file. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" });
  return { ...schema, title: "Pharos settings" };
}

function named(group: Readonly<Record<string, Setting>>): readonly NamedSetting[] {
  return Object.entries(group).map(([key, setting]) => Object.assign({ key }, setting));
}
