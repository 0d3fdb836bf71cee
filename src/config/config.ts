import type { ParsedSettings } from "./settings.js";
import type { ListenAddress } from "./values/listen-address.js";
import type { HttpAddress } from "./values/addresses.js";

/** The settings that name one token issuer. This issuer is the first item of `tokens` in the configuration. */
type IssuerSetting = "tokenIssuer" | "tokenKey" | "tokenJwks" | "tokenSecret";

type Completed = "$schema" | "http" | IssuerSetting | "admin" | "publicUrl" | "stateDir";

/**
 * All settings, parsed and completed with defaults. The object of `loadConfig` is deeply frozen. `settings/` and
 * `src/limits` declare each name with its default and its meaning.
 */
export type Config = Immutable<Omit<ParsedSettings, Completed>> & {
  /** The address of metrics and status. */
  readonly admin: AdminAddress | "off";
  /** The addresses where clients speak plain HTTP. */
  readonly http: readonly ListenAddress[];
  /** The URL of the hub for its clients, with its path. */
  readonly publicUrl: string;
  /** The folder for the records of open streams; absent if the hub keeps no records. */
  readonly stateDir?: string;
};

/** The limits of everything that can grow. */
export type Limits = Config["limits"];

export interface AdminAddress extends HttpAddress {
  /** True for the default address: the hub then starts even if another program uses the port. */
  readonly isDefault: boolean;
}

type Immutable<T> = T extends readonly (infer Item)[]
  ? readonly Immutable<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Immutable<T[Key]> }
    : T;
