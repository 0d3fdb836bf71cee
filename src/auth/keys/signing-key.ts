import { createPrivateKey, type JsonWebKey, type KeyObject } from "node:crypto";

import { PharosError } from "../../base/errors.js";
import { algorithmsOf, kindOf } from "./algorithms.js";
import { isRecord, type JsonRecord } from "../json.js";
import { readKeySetFile } from "./load-key-set.js";
import { secretKey } from "./verification-key.js";

/** A key that signs tokens. */
export interface SigningKey {
  readonly key: KeyObject;
  /** The algorithm of the key's signatures. */
  readonly algorithm: string;
  /** The key id for the token header. Only a JWK has a key id. */
  readonly kid: string | undefined;
}

/**
 * Makes a signing key from a shared secret. The key uses the first of the `allowed` algorithms for which the secret
 * is long enough.
 *
 * @throws PharosError `bad-config` when the secret is too short
 */
export function signingSecret(secret: string, allowed?: readonly string[]): SigningKey {
  const { key, algorithms } = secretKey(secret, allowed);
  return { key, kid: undefined, algorithm: first(algorithms) };
}

/**
 * Reads a private key from a file: PEM text or a JWK.
 *
 * @throws PharosError `bad-config` when the file has no private key, or a key that is too weak or of an unsupported kind
 */
export function readSigningKey(file: string): SigningKey {
  const text = readKeySetFile(file);
  const jwk = text.trimStart().startsWith("{") ? parseJwk(text, file) : undefined;
  const key = privateKey(jwk === undefined ? text : { key: jwk as JsonWebKey, format: "jwk" }, file);
  const { alg, kid } = jwk ?? {};
  const algorithms = algorithmsOf(key).filter((name) => alg === undefined || alg === name);
  if (algorithms.length === 0) {
    throw new PharosError(
      "bad-config",
      `${file} holds a key of the kind ${kindOf(key)}${alg === undefined ? "" : ` for ${JSON.stringify(alg)}`}; allowed are RSA with 2048 bits or more, EC P-256, P-384 and P-521, and Ed25519`,
    );
  }
  return { key, kid: typeof kid === "string" ? kid : undefined, algorithm: first(algorithms) };
}

function parseJwk(text: string, file: string): JsonRecord {
  try {
    const jwk: unknown = JSON.parse(text);
    if (isRecord(jwk)) return jwk;
  } catch {
    // Text that is not JSON gets the same error as JSON that is not an object.
  }
  throw new PharosError(
    "bad-config",
    `${file} begins with { but is not a JSON object; allowed is an unencrypted private key as PEM or JWK`,
  );
}

function privateKey(input: Parameters<typeof createPrivateKey>[0], file: string): KeyObject {
  try {
    return createPrivateKey(input);
  } catch (cause) {
    throw new PharosError(
      "bad-config",
      `${file} holds no private key; allowed is an unencrypted private key as PEM or JWK`,
      {
        cause,
      },
    );
  }
}

function first(algorithms: Iterable<string>): string {
  for (const algorithm of algorithms) return algorithm;
  throw new PharosError("bad-config", "no algorithm supports the key");
}
