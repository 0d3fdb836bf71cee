import { PharosError } from "../base/errors.js";
import type { Config } from "./config.js";
import { combinationFaults } from "./cross-checks.js";
import { hidden, isSecretValue } from "./raw/faults.js";
import { isRawSettings } from "./raw/file.js";
import { valueAt } from "./raw/value-at.js";
import { limitPaths, limitSections } from "./limit-sections.js";
import { settings } from "./settings.js";

/** A setting with two values, for people. Secrets are hidden. */
export interface SettingChange {
  /** The name in the settings file, for instance `limits.history.bytes`. */
  readonly setting: string;
  /** Null if the setting is not set. */
  readonly from: unknown;
  readonly to: unknown;
}

/** The effect of a new configuration on a running hub. */
export interface ReloadPlan {
  /** The configuration after the reload: `given`, with the running values of the settings in `kept`. */
  readonly config: Config;
  readonly changed: readonly SettingChange[];
  /** The settings that need a restart: `from` stays in use. */
  readonly kept: readonly SettingChange[];
}

/**
 * Compares the running configuration with another one.
 *
 * @throws PharosError `bad-config`, with one line for each fault, if the new values cannot be combined with the values
 *   that need a restart
 */
export function planReload(running: Config, given: Config): ReloadPlan {
  const changes = [...changesOf(running, given)];
  const kept = changes.filter(({ path }) => !reloadable.has(path.join(".")));
  const config = kept.reduce((merged, { path }) => withValueOf(merged, running, path), given);
  const faults = combinationFaults(config).map(
    ({ name, allowed }) => `${name}: needs a restart to change, allowed: ${allowed}`,
  );
  if (kept.length > 0 && faults.length > 0) throw new PharosError("bad-config", faults.join("\n"));
  return {
    config,
    changed: changes.filter((change) => !kept.includes(change)).map(shownChange),
    kept: kept.map(shownChange),
  };
}

interface Change {
  readonly path: readonly string[];
  readonly from: unknown;
  readonly to: unknown;
}

/** The names of all settings and limits that a reload changes. Several settings name the first item of `tokens`. */
const reloadable: ReadonlySet<string> = new Set([
  "tokens",
  ...settings.filter(({ reload }) => reload === true).map(({ key }) => key),
  ...Object.entries(limitSections).flatMap(([section, { isObject, limits }]) =>
    Object.entries(limits).flatMap(([name, { reload }]) =>
      reload === true ? [isObject ? `limits.${section}.${name}` : `limits.${name}`] : [],
    ),
  ),
]);

function* changesOf(running: Config, given: Config): Iterable<Change> {
  const names = new Set([...Object.keys(running), ...Object.keys(given)]);
  names.delete("limits");
  for (const path of [...[...names].map((name) => [name]), ...limitPaths()]) {
    const [from, to] = [valueAt(running, path), valueAt(given, path)];
    if (JSON.stringify(from) !== JSON.stringify(to)) yield { path, from, to };
  }
}

/** A copy of an object with the value that `source` has at the path. */
function withValueOf<T extends object>(target: T, source: T, [name = "", ...rest]: readonly string[]): T {
  const copy = { ...target };
  const [inner, value] = [valueAt(target, [name]), valueAt(source, [name])];
  if (value === undefined) Reflect.deleteProperty(copy, name);
  else if (rest.length === 0) Reflect.set(copy, name, value);
  else if (isRawSettings(inner) && isRawSettings(value))
    Reflect.set(copy, name, withValueOf(inner, value, rest));
  return copy;
}

function shownChange({ path, from, to }: Change): SettingChange {
  return { setting: path.join("."), from: shown(path, from), to: shown(path, to) };
}

/** Longer values would fill the log. */
const mostCharacters = 500;

function shown(path: readonly string[], value: unknown): unknown {
  if (value === undefined) return null;
  if (isSecretValue(path, value)) return hidden;
  const text = JSON.stringify(value, (name, part: unknown) => (isSecretValue([name], part) ? hidden : part));
  return text.length > mostCharacters ? `${text.slice(0, mostCharacters)}…` : (JSON.parse(text) as unknown);
}
