import { createPrivateKey, type JsonWebKey, type KeyObject } from "node:crypto";

import { PharosError } from "../../base/errors.js";
import { algorithmsOf, kindOf } from "./algorithms.js";
import { isRecord, type JsonRecord } from "../json.js";
import { readKeySetFile } from "./load-key-set.js";
import { secretKey } from "./verification-key.js";

/** A key that signs tokens. */
export interface SigningKey {
  readonly key: KeyObject;
  /** The algorithm that it signs with. */
  readonly algorithm: string;
  /** The name that tokens give it; only a JWK has one. */
  readonly kid: string | undefined;
}

/**
 * A shared secret as a key that signs. `allowed` are the algorithms that the settings name, the first that suits being used.
 *
 * @throws PharosError `bad-config` when it is too short
 */
export function signingSecret(secret: string, allowed?: readonly string[]): SigningKey {
  const { key, algorithms } = secretKey(secret, allowed);
  return { key, kid: undefined, algorithm: first(algorithms) };
}

/**
 * The private key in a file, as PEM text or as a JWK.
 *
 * @throws PharosError `bad-config` when there is none, or it is too weak or of a kind that is not taken
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
      `${file} holds a key of the kind ${kindOf(key)}${alg === undefined ? "" : ` for ${JSON.stringify(alg)}`}; allowed are RSA from 2048 bits on, EC P-256, P-384 and P-521, and Ed25519`,
    );
  }
  return { key, kid: typeof kid === "string" ? kid : undefined, algorithm: first(algorithms) };
}

function parseJwk(text: string, file: string): JsonRecord {
  try {
    const jwk: unknown = JSON.parse(text);
    if (isRecord(jwk)) return jwk;
  } catch {
    // Said below, as for everything else that is none.
  }
  throw new PharosError("bad-config", `${file} holds neither a PEM text nor a JWK`);
}

function privateKey(input: Parameters<typeof createPrivateKey>[0], file: string): KeyObject {
  try {
    return createPrivateKey(input);
  } catch (cause) {
    throw new PharosError("bad-config", `${file} holds no private key without a passphrase, as PEM or JWK`, {
      cause,
    });
  }
}

function first(algorithms: Iterable<string>): string {
  for (const algorithm of algorithms) return algorithm;
  throw new PharosError("bad-config", "the key suits no algorithm");
}
