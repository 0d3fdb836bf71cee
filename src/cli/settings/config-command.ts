import type { Command } from "commander";

import { effectiveFile, effectiveSettings, type EffectiveGroup } from "../../config/effective-settings.js";
import type { Io } from "../terminal/io.js";
import { visible } from "../terminal/visible.js";
import { addSettingOptions, givenSettings } from "./setting-options.js";

/** Adds the command `config`. */
export function addConfig(root: Command, io: Io): void {
  const command = root
    .command("config")
    .description("Print the settings that a hub with the same options would use, and the source of each.")
    .option("--json", "Print a settings file without secrets, for --config and for programs.");
  addSettingOptions(command);
  command.action(({ json }: { readonly json?: true }) => {
    const sources = { options: givenSettings(command), environment: io.environment };
    const text =
      json === true
        ? JSON.stringify(effectiveFile(sources), null, 2)
        : settingsText(effectiveSettings(sources));
    io.stdout.write(`${text}\n`);
  });
}

/** One line for each setting: its name, its value and its source in three columns. */
function settingsText(groups: readonly EffectiveGroup[]): string {
  const shown = groups
    .filter(({ settings }) => settings.length > 0)
    .map(({ title, settings }) => ({
      title,
      rows: settings.map(({ name, value, source }) => [name, valueText(value), visible(source)] as const),
    }));
  const rows = shown.flatMap((group) => group.rows);
  const [names, values] = [widthOf(rows.map(([name]) => name)), widthOf(rows.map(([, value]) => value))];
  return shown
    .map(({ title, rows: lines }) =>
      [
        `${title}:`,
        ...lines.map(
          ([name, value, source]) => `  ${name.padEnd(names)}  ${value.padEnd(values)}  ${source}`,
        ),
      ].join("\n"),
    )
    .join("\n\n");
}

/** Long values do not widen the column. */
const widestColumn = 40;

function widthOf(texts: readonly string[]): number {
  return Math.min(widestColumn, Math.max(0, ...texts.map(({ length }) => length)));
}

function valueText(value: unknown): string {
  if (value === undefined) return "not set";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.map(valueText).join(" ");
  if (typeof value === "string" && value !== "") return visible(value);
  return visible(JSON.stringify(value));
}
