import { homedir } from "node:os";
import { join } from "node:path";

import { PharosError } from "../base/errors.js";
import { mercurePath } from "../protocol.js";
import type { AdminAddress, Config, HttpAddress } from "./config.js";
import { describeFaults } from "./faults.js";
import { isRawSettings, readSettingsFile, type RawSettings } from "./file.js";
import { configSchema, type ParsedSettings } from "./schema.js";
import { variableName, type SettingText } from "./settings.js";
import { allIssuers } from "./tokens.js";
import { givenByEnvironment, givenByOptions, type Given } from "./sources.js";

/** Beside the default of the HTTP front. */
const defaultAdmin: HttpAddress = { host: "127.0.0.1", port: 8081 };

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
  { control, beaconSeconds, stateDir, admin, adminToken, publicUrl, ...others }: ParsedSettings,
  environment: Environment,
): Config {
  const folder = stateDir ?? defaultStateDir(environment);
  const { tokenIssuer: issuer, tokenKey: key, tokenJwks: jwks, tokenSecret: secret, ...rest } = others;
  return {
    ...rest,
    tokens: allIssuers({ issuer, key, jwks, secret }, rest.tokens),
    publicUrl: publicUrl ?? defaultPublicUrl(rest.http),
    admin: adminAddress(admin),
    ...(adminToken === undefined ? {} : { adminToken }),
    ...(control === undefined ? {} : { control }),
    ...(beaconSeconds === undefined ? {} : { beaconSeconds }),
    ...(folder === "off" ? {} : { stateDir: folder }),
  };
}

/** As a client of this machine reaches it, were the port the one that was asked for. */
function defaultPublicUrl(http: Config["http"]): string {
  if (http === "off") return `http://localhost${mercurePath}`;
  const host = http.host.includes(":") ? `[${http.host}]` : http.host;
  return new URL(mercurePath, `http://${host}:${http.port}`).href;
}

function adminAddress(given: HttpAddress | "off" | undefined): AdminAddress | "off" {
  if (given === "off") return "off";
  return given === undefined ? { ...defaultAdmin, isDefault: true } : { ...given, isDefault: false };
}

/** [XDG Base Directory 0.8]: a relative XDG_STATE_HOME is to be ignored. */
function defaultStateDir({ XDG_STATE_HOME: base }: Environment): string {
  return join(base?.startsWith("/") ? base : join(homedir(), ".local", "state"), "pharos");
}

function frozen<Value extends object>(value: Value): Value {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) frozen(part);
  return Object.freeze(value);
}
