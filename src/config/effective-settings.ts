import type { Config } from "./config.js";
import { variableName } from "./declare/setting.js";
import { hidden, isSecretValue } from "./raw/faults.js";
import { isRawSettings, type RawSettings } from "./raw/file.js";
import { valueAt } from "./raw/value-at.js";
import { gatherSettings, type GatheredSettings, type LoadOptions } from "./gather.js";
import { limitSections } from "./limit-sections.js";
import { loadConfig } from "./load.js";
import { nameOfNode } from "./name-of-node.js";
import { settingGroups, type NamedSetting } from "./settings.js";

/** A setting as the hub uses it. */
export interface EffectiveSetting {
  /** The option; for a setting without an option, the variable or the path in the file. */
  readonly name: string;
  /** The value in the form of the file. Secrets are {@link hidden}. Undefined if the setting is not set. */
  readonly value: unknown;
  /** The option, the variable or the file that gave the value; or `default`. */
  readonly source: string;
}

export interface EffectiveGroup {
  readonly title: string;
  readonly settings: readonly EffectiveSetting[];
}

/**
 * All settings as a hub with these sources uses them: the settings in the order of `--help`, then the issuers of the
 * file, then the limits.
 *
 * @throws PharosError as `loadConfig`
 */
export function effectiveSettings(sources: LoadOptions = {}): readonly EffectiveGroup[] {
  const config = loadConfig(sources);
  const gathered = gatherSettings(sources);
  const computed = computedDefaults(config);
  const groups = settingGroups.map(({ title, settings }) => ({
    title,
    settings: settings.map((setting) => effective(setting, gathered, computed)),
  }));
  return [...groups, issuers(gathered), ...limits(config, gathered)];
}

/**
 * The same settings as a settings file, without secrets. A hub with this file, the same secrets and no other source has
 * the same configuration. A default that depends on the machine is left out.
 *
 * @throws PharosError as `loadConfig`
 */
export function effectiveFile(sources: LoadOptions = {}): RawSettings {
  const { limits: values } = loadConfig(sources);
  const { settings: given } = gatherSettings(sources);
  const entries = settingGroups
    .flatMap(({ settings }) => settings)
    .filter((setting) => !isHidden(setting, given[setting.key]))
    .map(({ key, fileDefault }) => [key, given[key] ?? fileDefault] as const)
    .filter(([, value]) => value !== undefined);
  const tokens = listedIssuers(given).map(withoutSecret).filter(isIssuer);
  return { ...Object.fromEntries(entries), ...(tokens.length === 0 ? {} : { tokens }), limits: values };
}

function effective(
  setting: NamedSetting,
  gathered: GatheredSettings,
  computed: ReadonlyMap<string, string>,
): EffectiveSetting {
  const { key, option, secret, fileDefault, otherwise } = setting;
  const name = secret === true ? variableName(option) : `--${option}`;
  const given = gathered.settings[key];
  if (given === undefined)
    return {
      name,
      value: fileDefault ?? computed.get(key) ?? otherwise?.replaceAll("`", ""),
      source: "default",
    };
  const value = isHidden(setting, given) ? hidden : given;
  return { name, value, source: sourceOf([key], gathered) };
}

/** The defaults that depend on the machine or on other settings, by name in the file. */
function computedDefaults(config: Config): ReadonlyMap<string, string> {
  return new Map([
    ["publicUrl", config.publicUrl],
    ["tokenIssuer", config.publicUrl],
    ["node", nameOfNode(config)],
    ["stateDir", config.stateDir ?? "off"],
  ]);
}

function isHidden({ key, secret }: NamedSetting, value: unknown): boolean {
  return secret === true || isSecretValue([key], value);
}

function issuers(gathered: GatheredSettings): EffectiveGroup {
  const settings = listedIssuers(gathered.settings).map((issuer, index) => ({
    name: `tokens.${index}`,
    value: Object.fromEntries(
      Object.entries(issuer).map(([name, value]) => [name, isSecretValue([name], value) ? hidden : value]),
    ),
    source: sourceOf(["tokens"], gathered),
  }));
  return { title: "Further issuers", settings };
}

function listedIssuers({ tokens }: RawSettings): readonly RawSettings[] {
  return Array.isArray(tokens) ? tokens.filter(isRawSettings) : [];
}

function withoutSecret(issuer: RawSettings): RawSettings {
  return Object.fromEntries(Object.entries(issuer).filter(([name, value]) => !isSecretValue([name], value)));
}

/** An issuer that has only a secret is no issuer without it. */
function isIssuer({ key, jwks }: RawSettings): boolean {
  return key !== undefined || jwks !== undefined;
}

function limits({ limits: values }: Config, gathered: GatheredSettings): readonly EffectiveGroup[] {
  return Object.entries(limitSections).map(([section, { title, isObject, limits: table }]) => ({
    title: `${title} (limits)`,
    settings: Object.keys(table).map((name) => {
      const path = isObject ? ["limits", section, name] : ["limits", name];
      return {
        name: path.join("."),
        value: valueAt({ limits: values }, path),
        source: sourceOf(path, gathered),
      };
    }),
  }));
}

function sourceOf(path: readonly string[], { settings, origins, file }: GatheredSettings): string {
  const inFile = valueAt(settings, path) === undefined ? "default" : file;
  return origins.get(path.join(".")) ?? inFile ?? "default";
}
