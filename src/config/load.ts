import { homedir } from "node:os";
import { join } from "node:path";

import { PharosError } from "../base/errors.js";
import { mercurePath } from "../protocol.js";
import type { AdminAddress, Config } from "./config.js";
import { describeFaults } from "./raw/faults.js";
import { gatherSettings, type Environment, type LoadOptions } from "./gather.js";
import { configSchema, type ParsedSettings } from "./settings.js";
import { defaultHttp } from "./settings/http.js";
import { defaultAdmin } from "./settings/operating.js";
import { listenAddresses } from "./values/listen-address.js";
import type { HttpAddress } from "./values/addresses.js";
import type { TokenIssuer } from "./values/token-issuer.js";

/**
 * Reads all settings. The first source with a value wins: option, environment, JSON file, default. Lists of several
 * sources are not merged.
 *
 * @throws PharosError `bad-config`, with one line for each fault: the source of the setting, the value, and what is
 *   allowed.
 */
export function loadConfig(sources: LoadOptions = {}): Config {
  const { settings, origins, file, faults } = gatherSettings(sources);
  const parsed = configSchema.safeParse(settings);
  if (parsed.success && faults.length === 0) return frozen(complete(parsed.data, sources.environment ?? {}));
  const issues = parsed.success ? [] : parsed.error.issues;
  const all = [...faults, ...describeFaults(issues, { settings, origins, file: String(file) })];
  throw new PharosError("bad-config", all.join("\n"));
}

/** True for an object with all settings: one that `loadConfig` returned, or a copy with other values. */
export function hasAllSettings(config: unknown): boolean {
  if (typeof config !== "object" || config === null) return false;
  // Without a folder for records, a configuration has no `stateDir`.
  return Object.keys(loadConfig()).every((name) => name in config || name === "stateDir");
}

function complete(
  { stateDir, admin, publicUrl, ...others }: ParsedSettings,
  environment: Environment,
): Config {
  const http = others.http ?? (others.https.length > 0 ? [] : listenAddresses.parse(defaultHttp));
  const folder = stateDir ?? defaultStateDir(environment);
  const { tokenIssuer: issuer, tokenKey: key, tokenJwks: jwks, tokenSecret: secret, ...rest } = others;
  return {
    ...rest,
    tokens: allIssuers({ issuer, key, jwks, secret }, rest.tokens),
    http,
    publicUrl: publicUrl ?? defaultPublicUrl({ http, https: rest.https }),
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
function defaultPublicUrl({ http, https }: Pick<Config, "http" | "https">): string {
  const scheme = https.length > 0 ? "https" : "http";
  const first = (https.length > 0 ? https : http).find((address) => address.kind === "tcp");
  if (first === undefined) return `${scheme}://localhost${mercurePath}`;
  const host = first.host === "*" ? "127.0.0.1" : first.host;
  return new URL(mercurePath, `${scheme}://${host.includes(":") ? `[${host}]` : host}:${first.port}`).href;
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
