import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { fixedKeys, type KeySource } from "../keys/key-source.js";
import { parseKeySet } from "../keys/key-set.js";
import { longestFreshMs } from "../keys/freshness.js";
import {
  loadKeySet,
  parseKeySetPlace,
  placeText,
  readKeySetFile,
  type KeySetText,
} from "../keys/load-key-set.js";
import { RotatingKeys, type LoadedKeys } from "../keys/rotating-keys.js";
import { pemKey, secretKey } from "../keys/verification-key.js";

/**
 * The settings of one issuer. At least one of `secret`, `key` and `jwks` is required. Any of these keys may sign the
 * issuer's tokens.
 */
export interface IssuerSettings {
  /** The `iss` claim of the issuer's tokens. @default the URL of the hub, for tokens that the hub's operator signs */
  readonly issuer?: string | undefined;
  /** The shared secret. */
  readonly secret?: string | undefined;
  /** A PEM file with the public key. */
  readonly key?: string | undefined;
  /** A JWK set, as a file or a URL. The hub loads the set again at times: see {@link RotatingKeys}. */
  readonly jwks?: string | undefined;
  /** @default every algorithm that the key supports */
  readonly algorithms?: readonly string[] | undefined;
  /** A value that the `aud` claim must contain. @default the URL of the hub */
  readonly audience?: string | undefined;
  /** The rights that the issuer's tokens may grant. The verifier drops all other rights. @default all */
  readonly allows?: readonly Right[] | undefined;
}

/** The rights that tokens grant: two for topics, and `manage` for all {@link manageRights}. */
export type Right = "publish" | "subscribe" | "manage";

/** An issuer with its keys. A key verifies only tokens of its own issuer. */
export interface TrustedIssuer {
  readonly settings: IssuerSettings;
  /** The required value of the `iss` claim. */
  readonly name: string;
  /** False if the settings name no issuer. Then tokens of the older form may have any `iss`. */
  readonly isNamed: boolean;
  readonly audience: string;
  readonly allows: readonly Right[];
  readonly sources: readonly KeySource[];
  /** The keys of the JWK set, which are one of the sources. Undefined if the settings name no set. */
  readonly keySet: RotatingKeys | undefined;
}

export interface TrustContext {
  readonly hubUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when the keys of a JWK set have changed. */
  readonly keysChanged: () => void;
  /** The keys that an earlier verifier knows for the JWK set of the issuer. */
  readonly known: LoadedKeys | undefined;
}

/**
 * Prepares the keys of an issuer. This function reads secrets and files. The hub loads a URL later, when the first
 * token needs the keys at this URL.
 *
 * @throws PharosError `bad-config` when a key is missing, too weak or invalid
 */
export function trustIssuer(settings: IssuerSettings, context: TrustContext): TrustedIssuer {
  const { issuer, secret, key, jwks, algorithms: allowed, audience, allows } = settings;
  const set = jwks === undefined ? undefined : keySet(jwks, settings, context);
  const sources = [
    ...(secret === undefined ? [] : [fixedKeys([secretKey(secret, allowed)])]),
    ...(key === undefined ? [] : [fixedKeys([pemKey(readKeySetFile(key), { what: key, allowed })])]),
    ...(set === undefined ? [] : [set]),
  ];
  if (sources.length === 0) {
    const whose = issuer === undefined ? "an issuer of tokens" : `the issuer ${issuer}`;
    throw new PharosError("bad-config", `${whose} has no key: set a secret, a key file or a JWK set`);
  }
  const { hubUrl } = context;
  return {
    settings,
    name: issuer ?? hubUrl,
    isNamed: issuer !== undefined,
    audience: audience ?? hubUrl,
    allows: allows ?? ["publish", "subscribe", "manage"],
    sources,
    keySet: set,
  };
}

/** True if both settings have the same JWK set, and use its keys in the same way for the same issuer. */
export function haveSameKeySet(one: IssuerSettings, other: IssuerSettings): boolean {
  const [first, second] = [one, other].map(({ issuer, jwks, algorithms }) =>
    JSON.stringify([issuer, jwks, algorithms]),
  );
  return one.jwks !== undefined && first === second;
}

function keySet(jwks: string, { algorithms }: IssuerSettings, context: TrustContext): RotatingKeys {
  const place = parseKeySetPlace(jwks);
  const parse = ({ text, freshMs }: KeySetText): LoadedKeys => ({
    keys: parseKeySet(text, algorithms),
    text,
    freshMs,
  });
  const load = async () => parse(await loadKeySet(place));
  const options = { source: placeText(place), load, ...context, changed: context.keysChanged };
  if (place.kind === "url") return new RotatingKeys(options);
  // A missing file is a configuration error, but a URL may be unreachable for a while.
  const initial = inFile(jwks, () => parse({ text: readKeySetFile(place.file), freshMs: longestFreshMs }));
  return new RotatingKeys({ ...options, initial });
}

function inFile<Result>(file: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof PharosError) || error.message.includes(file)) throw error;
    throw new PharosError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}
