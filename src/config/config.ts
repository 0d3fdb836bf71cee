import type { ParsedSettings } from "./settings.js";
import type { HttpAddress } from "./values/addresses.js";

/** The settings that name one issuer of tokens; it is the first of `tokens` in the configuration. */
type IssuerSetting = "tokenIssuer" | "tokenKey" | "tokenJwks" | "tokenSecret";

type Completed = "$schema" | IssuerSetting | "admin" | "publicUrl" | "stateDir";

/**
 * Everything that can be set, parsed and complete. Frozen in depth; only `loadConfig` makes one. Each name is declared
 * in `settings/`, or in `src/limits`, with its default and what it means.
 */
export type Config = Immutable<Omit<ParsedSettings, Completed>> & {
  /** Where metrics and status are served. */
  readonly admin: AdminAddress | "off";
  /** The URL of the hub for its clients, with its path. */
  readonly publicUrl: string;
  /** The folder for the records of open streams; absent if none are kept. */
  readonly stateDir?: string;
};

/** Limits of everything that can grow. */
export type Limits = Config["limits"];

export interface AdminAddress extends HttpAddress {
  /** True if it is the default: then the hub starts even if another program uses the port. */
  readonly isDefault: boolean;
}

type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;
