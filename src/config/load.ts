import { homedir } from "node:os";
import { join } from "node:path";

import { PharosError } from "../errors.js";
import type { Config } from "./config.js";
import { describeFaults } from "./faults.js";
import { isRawSettings, readSettingsFile, type RawSettings } from "./file.js";
import { configSchema, type ParsedSettings } from "./schema.js";
import { variableName, type SettingText } from "./settings.js";
import { givenByEnvironment, givenByOptions, type Given } from "./sources.js";

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /** What the command line gave, by option name without dashes; `config` names the JSON file. */
  readonly options?: ReadonlyMap<string, SettingText>;
  /** @default {} */
  readonly environment?: Environment;
}

/**
 * Brings all settings together: an option goes before the environment, that before the JSON file, that before
 * the default. A list is taken whole from the first place that names it.
 *
 * @throws PharosError `bad-config`; one line for each fault, which names the setting where it was given, what was
 *   given, and what is allowed.
 */
export function loadConfig({ options = new Map(), environment = {} }: LoadOptions = {}): Config {
  const file = options.get("config") ?? environment[variableName("config")];
  const settings = typeof file === "string" && file !== "" ? readSettingsFile(file) : {};
  const origins = new Map<string, string>();
  for (const given of [...givenByEnvironment(environment), ...givenByOptions(options)]) {
    place(settings, given);
    origins.set(given.path.join("."), given.origin);
  }
  const parsed = configSchema.safeParse(settings);
  if (!parsed.success) {
    const faults = describeFaults(parsed.error.issues, { settings, origins, file: String(file) });
    throw new PharosError("bad-config", faults.join("\n"));
  }
  return frozen(complete(parsed.data, environment));
}

/** A part that the file gives in another form is left alone, for the schema to refuse. */
function place(settings: RawSettings, { path, value }: Pick<Given, "path" | "value">): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    settings[name] = value;
    return;
  }
  const part = (settings[name] ??= {});
  if (isRawSettings(part)) place(part, { path: rest, value });
}

function complete(
  { control, beaconSeconds, stateDir, ...rest }: ParsedSettings,
  environment: Environment,
): Config {
  const folder = stateDir ?? defaultStateDir(environment);
  return {
    ...rest,
    ...(control === undefined ? {} : { control }),
    ...(beaconSeconds === undefined ? {} : { beaconSeconds }),
    ...(folder === "off" ? {} : { stateDir: folder }),
  };
}

/** [XDG Base Directory 0.8]: a relative XDG_STATE_HOME is to be ignored. */
function defaultStateDir({ XDG_STATE_HOME: base }: Environment): string {
  return join(base?.startsWith("/") ? base : join(homedir(), ".local", "state"), "pharos");
}

function frozen<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) frozen(part);
  return Object.freeze(value);
}
