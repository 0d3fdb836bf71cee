import { readFileSync } from "node:fs";

import { PharosError } from "../base/errors.js";

/** Settings on their way to the schema, which has not seen them yet. */
export type RawSettings = Record<string, unknown>;

/**
 * Reads the JSON file of settings. Nothing in it is validated here.
 *
 * @throws PharosError `bad-config` when it cannot be read or holds no JSON object
 */
export function readSettingsFile(file: string): RawSettings {
  const settings = parseJson(file, readText(file));
  if (!isRawSettings(settings)) throw new PharosError("bad-config", `${file}: allowed is one JSON object`);
  // The mark for editors is no setting.
  delete settings["$schema"];
  return settings;
}

/** True for an object of named values, as against a list or a single value. */
export function isRawSettings(value: unknown): value is RawSettings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new PharosError("bad-config", `--config: cannot read ${file}: ${reason(cause)}`, { cause });
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-config", `${file}: not JSON: ${reason(cause)}`, { cause });
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
