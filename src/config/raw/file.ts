import { readFileSync } from "node:fs";

import { messageOf, PharosError } from "../../base/errors.js";
import { kindOfValue } from "../../base/quote-value.js";
import { excessOf } from "../../base/json/json-size.js";
import { withoutByteOrderMark } from "../../base/utf8.js";

/** The deepest nesting of a settings file. The settings need five levels. */
const mostNesting = 32;

/** Settings before the schema has checked them. */
export type RawSettings = Record<string, unknown>;

/**
 * Reads the JSON file of settings, without validating them.
 *
 * @throws PharosError `bad-config` if the file cannot be read or is not a JSON object
 */
export function readSettingsFile(file: string): RawSettings {
  const settings = parseJson(file, readText(file));
  if (!isRawSettings(settings))
    throw new PharosError("bad-config", `${file}: not a JSON object, but ${kindOfValue(settings)}`);
  // `$schema` is for editors and is not a setting.
  delete settings["$schema"];
  return settings;
}

/** True for an object that is not a list. */
export function isRawSettings(value: unknown): value is RawSettings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readText(file: string): string {
  try {
    return withoutByteOrderMark(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new PharosError("bad-config", `--config: cannot read ${file}: ${messageOf(cause)}`, { cause });
  }
}

function parseJson(file: string, text: string): unknown {
  // The checks of the settings call themselves for each level. 200,000 levels exhausted the stack.
  if (excessOf(text, { levels: mostNesting }) !== undefined)
    throw new PharosError("bad-config", `${file}: nests deeper than ${mostNesting} levels`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-config", `${file}: not JSON: ${jsonFault(messageOf(cause), text)}`, { cause });
  }
}

/**
 * The message of a JSON error without the part of the text that it quotes, which may be a secret. The line number takes
 * the place of that part.
 */
function jsonFault(message: string, text: string): string {
  const [whole, near = ""] = /, (?:\.\.\.)?"(.*)"(?:\.\.\.)? is not valid JSON$/s.exec(message) ?? [];
  if (whole === undefined) return message;
  const before = text.slice(0, text.indexOf(near) + near.length / 2);
  return `${message.slice(0, -whole.length)} in line ${before.split("\n").length}`;
}
