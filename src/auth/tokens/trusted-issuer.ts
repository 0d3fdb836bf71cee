import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { Logger } from "../../base/log.js";
import { fixedKeys, type KeySource } from "../keys/key-source.js";
import { parseKeySet } from "../keys/key-set.js";
import { loadKeySet, parseKeySetPlace, readKeySetFile } from "../keys/load-key-set.js";
import { RotatingKeys } from "../keys/rotating-keys.js";
import { pemKey, secretKey } from "../keys/verification-key.js";

/** One issuer as the settings name it. It has at least one of `secret`, `key` and `jwks`, and is trusted with each. */
export interface IssuerSettings {
  /** What its tokens have as `iss`. @default the hub's own URL, for tokens that its operator makes */
  readonly issuer?: string | undefined;
  /** A secret that both sides share. */
  readonly secret?: string | undefined;
  /** A PEM file with its public key. */
  readonly key?: string | undefined;
  /** A JWK set: a file, or a URL that is asked again when keys change. */
  readonly jwks?: string | undefined;
  /** @default every algorithm that suits a key */
  readonly algorithms?: readonly string[] | undefined;
  /** What its tokens must have in `aud`. @default the hub's own URL */
  readonly audience?: string | undefined;
}

/** An issuer with its keys. A key verifies tokens of its own issuer alone. */
export interface TrustedIssuer {
  /** What `iss` must equal. */
  readonly name: string;
  /** False when the settings name none: tokens of the older form then may have any `iss`. */
  readonly isNamed: boolean;
  readonly audience: string;
  readonly sources: readonly KeySource[];
}

export interface TrustContext {
  readonly hubUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Gets an issuer's keys ready: reads secrets and files now, and asks a URL when a first token needs it.
 *
 * @throws PharosError `bad-config` for a key that is missing, weak or none
 */
export function trustIssuer(settings: IssuerSettings, context: TrustContext): TrustedIssuer {
  const { issuer, secret, key, jwks, algorithms: allowed, audience } = settings;
  const sources = [
    ...(secret === undefined ? [] : [fixedKeys([secretKey(secret, allowed)])]),
    ...(key === undefined ? [] : [fixedKeys([pemKey(readKeySetFile(key), { what: key, allowed })])]),
    ...(jwks === undefined ? [] : [keySet(jwks, settings, context)]),
  ];
  if (sources.length === 0) {
    const whose = issuer === undefined ? "an issuer of tokens" : `the issuer ${issuer}`;
    throw new PharosError(
      "bad-config",
      `${whose} has no key: allowed are a secret, a key file and a JWK set`,
    );
  }
  const { hubUrl } = context;
  return {
    name: issuer ?? hubUrl,
    isNamed: issuer !== undefined,
    audience: audience ?? hubUrl,
    sources,
  };
}

function keySet(jwks: string, { algorithms }: IssuerSettings, { clock, logger }: TrustContext): KeySource {
  const place = parseKeySetPlace(jwks);
  const load = async () => parseKeySet(await loadKeySet(place), algorithms);
  if (place.kind === "url") return new RotatingKeys({ source: jwks, load, clock, logger });
  // A file is here now or is a mistake; a URL may be down for a while.
  const initial = inFile(jwks, () => parseKeySet(readKeySetFile(place.file), algorithms));
  return new RotatingKeys({ source: jwks, load, initial, clock, logger });
}

function inFile<Result>(file: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof PharosError) || error.message.includes(file)) throw error;
    throw new PharosError(error.code, `${file}: ${error.message}`, { cause: error });
  }
}
