import { homedir } from "node:os";
import { join } from "node:path";

import { PharosError } from "../base/errors.js";
import { mercurePath } from "../protocol.js";
import type { AdminAddress, Config } from "./config.js";
import { variableName } from "./declare/setting.js";
import { describeFaults } from "./faults.js";
import { isRawSettings, readSettingsFile, type RawSettings } from "./file.js";
import { configSchema, type ParsedSettings, type SettingText } from "./settings.js";
import { defaultAdmin } from "./settings/operating.js";
import { givenByEnvironment, givenByOptions, type Given } from "./sources.js";
import type { HttpAddress } from "./values/addresses.js";
import type { TokenIssuer } from "./values/token-issuer.js";

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoadOptions {
  /** Options of the command line, by name without dashes. `config` names the JSON file. */
  readonly options?: ReadonlyMap<string, SettingText>;
  /** @default {} */
  readonly environment?: Environment;
}

/**
 * Reads all settings. The first source with a value wins: option, environment, JSON file, default. Lists of several
 * sources are not merged.
 *
 * @throws PharosError `bad-config`, with one line for each fault: the source of the setting, the value, and what is
 *   allowed.
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

/** True for an object with all settings: one that `loadConfig` returned, or a copy with other values. */
export function hasAllSettings(config: unknown): boolean {
  if (typeof config !== "object" || config === null) return false;
  // Without a folder for records, a configuration has no `stateDir`.
  return Object.keys(loadConfig()).every((name) => name in config || name === "stateDir");
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

function complete(
  { stateDir, admin, publicUrl, ...others }: ParsedSettings,
  environment: Environment,
): Config {
  const folder = stateDir ?? defaultStateDir(environment);
  const { tokenIssuer: issuer, tokenKey: key, tokenJwks: jwks, tokenSecret: secret, ...rest } = others;
  return {
    ...rest,
    tokens: allIssuers({ issuer, key, jwks, secret }, rest.tokens),
    publicUrl: publicUrl ?? defaultPublicUrl(rest.http),
    admin: adminAddress(admin),
    ...(folder === "off" ? {} : { stateDir: folder }),
  };
}

/**
 * Returns all issuers. If a setting such as `tokenKey` is set, the settings of this kind name the first issuer. The
 * issuers of the list follow.
 */
function allIssuers(one: TokenIssuer, listed: readonly TokenIssuer[]): readonly TokenIssuer[] {
  return Object.values(one).some((value) => value !== undefined) ? [one, ...listed] : listed;
}

/** The URL for clients on this machine. Port 0 remains 0, because the free port is not known yet. */
function defaultPublicUrl(http: Config["http"]): string {
  if (http === "off") return `http://localhost${mercurePath}`;
  const host = http.host.includes(":") ? `[${http.host}]` : http.host;
  return new URL(mercurePath, `http://${host}:${http.port}`).href;
}

function adminAddress(given: HttpAddress | "off" | undefined): AdminAddress | "off" {
  if (given === "off") return "off";
  return given === undefined ? { ...defaultAdmin, isDefault: true } : { ...given, isDefault: false };
}

/** Ignores a relative XDG_STATE_HOME [XDG Base Directory 0.8]. */
function defaultStateDir({ XDG_STATE_HOME: base }: Environment): string {
  return join(base?.startsWith("/") ? base : join(homedir(), ".local", "state"), "pharos");
}

function frozen<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) frozen(part);
  return Object.freeze(value);
}
