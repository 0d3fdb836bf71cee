import { variableName } from "./declare/setting.js";
import { isRawSettings, readSettingsFile, type RawSettings } from "./raw/file.js";
import { secretsOfFiles } from "./secret-files.js";
import type { SettingText } from "./settings.js";
import { givenByEnvironment, givenByOptions, type Given } from "./sources.js";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /** Settings that a program gives, in the form of the file. They win over all other sources. @default none */
  readonly settings?: Readonly<RawSettings>;
  /** Options of the command line, by name without dashes. `config` names the JSON file. */
  readonly options?: ReadonlyMap<string, SettingText>;
  /** @default {} */
  readonly environment?: Environment;
}

/** The settings of all sources in the form of the file, before the schema has checked them. */
export interface GatheredSettings {
  readonly settings: RawSettings;
  /** The option or variable that gave each setting, by dotted path. A setting without an entry came from the file. */
  readonly origins: ReadonlyMap<string, string>;
  /** The settings file; undefined if there is none. */
  readonly file: string | undefined;
  /** One line for each source that could not be read. */
  readonly faults: readonly string[];
}

/**
 * Gathers the settings of all sources. The first source with a value wins: option, environment, JSON file. Lists of
 * several sources are not merged.
 *
 * @throws PharosError `bad-config` if the settings file cannot be read
 */
export function gatherSettings({
  settings: ofProgram = {},
  options = new Map(),
  environment = {},
}: LoadOptions): GatheredSettings {
  const named = options.get("config") ?? environment[variableName("config")];
  const file = typeof named === "string" && named !== "" ? named : undefined;
  const settings = file === undefined ? {} : readSettingsFile(file);
  const origins = new Map<string, string>();
  const secrets = secretsOfFiles(environment);
  for (const given of [...givenByEnvironment(environment), ...secrets.given, ...givenByOptions(options)]) {
    place(settings, given);
    origins.set(given.path.join("."), given.origin);
  }
  for (const [name, value] of Object.entries(ofProgram)) {
    settings[name] = value;
    for (const path of pathsIn(value, [name])) origins.set(path, path);
  }
  return { settings, origins, file, faults: secrets.faults };
}

/** The dotted paths of a value and of everything in it. A fault names the path. */
function* pathsIn(value: unknown, path: readonly string[]): Iterable<string> {
  yield path.join(".");
  if (!isRawSettings(value)) return;
  for (const [name, part] of Object.entries(value)) yield* pathsIn(part, [...path, name]);
}

/** Sets a value at its path. Sets nothing if a parent is not an object: the schema refuses the parent. */
function place(settings: RawSettings, { path, value }: Pick<Given, "path" | "value">): void {
  const [name = "", ...rest] = path;
  if (rest.length === 0) {
    settings[name] = value;
    return;
  }
  const part = (settings[name] ??= {});
  if (isRawSettings(part)) place(part, { path: rest, value });
}
