import type { RawSettings } from "./file.js";
import { valueAt } from "./value-at.js";

/** An issue of the schema; `message` says what is allowed. */
export interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
}

export interface FaultContext {
  readonly settings: RawSettings;
  /** The option or variable that gave each setting, by dotted path. A setting without an entry came from the file. */
  readonly origins: ReadonlyMap<string, string>;
  readonly file: string;
}

/** Returns one line for each faulty setting: the source, the value, and what is allowed. */
export function describeFaults(issues: readonly Issue[], context: FaultContext): readonly string[] {
  const lines = new Map<string, string>();
  for (const issue of issues) {
    const path = issue.path.map(String);
    const name = originOf(path, context);
    // The first issue of a value causes the further issues of that value, so one line is enough.
    if (lines.has(name)) continue;
    const given = valueAt(context.settings, path);
    const value = isSecretValue(path, given) ? hidden : given;
    lines.set(name, `${name}: ${describe(issue, value)}`);
  }
  return [...lines.values()];
}

function describe({ code, message, keys = [] }: Issue, value: unknown): string {
  if (code !== "unrecognized_keys") return `given ${quote(value)}, allowed: ${message}`;
  const names = keys.map((key) => JSON.stringify(key)).join(", ");
  return `unknown ${keys.length === 1 ? "setting" : "settings"} ${names}; config.schema.json lists all settings`;
}

/** Returns the source of a setting. An item of a list has the same source as the list. */
function originOf(path: readonly string[], { origins, file }: FaultContext): string {
  for (let length = path.length; length > 0; length -= 1) {
    const origin = origins.get(path.slice(0, length).join("."));
    if (origin !== undefined) return origin;
  }
  return path.length === 0 ? file : `${path.join(".")} in ${file}`;
}

/** Error messages appear in logs and terminals, so they never contain secrets. */
export const hidden = "(a secret)";

/** True also for an item of `tokens`: an operator may have written the secret in the place of the issuer. */
export function isSecretPath(path: readonly string[]): boolean {
  return /(?:secret|token)$|^tokens\.\d+$/i.test(path.join("."));
}

/** True if the value at this path is a secret, or a URL of keys with a query, which may have a secret. */
export function isSecretValue(path: readonly string[], value: unknown): boolean {
  if (value === undefined) return false;
  return isSecretPath(path) || (/jwks$/i.test(path.at(-1) ?? "") && hasQuery(value));
}

function hasQuery(value: unknown): boolean {
  return typeof value === "string" && /^[a-z][a-z0-9+.-]*:\/\/.*\?/i.test(value);
}

function quote(value: unknown): string {
  const text =
    JSON.stringify(value, (name, part: unknown) => (isSecretValue([name], part) ? hidden : part)) ??
    "nothing";
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
