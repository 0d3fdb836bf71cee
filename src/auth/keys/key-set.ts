import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";

import { PharosError } from "../../base/errors.js";
import { kindOfValue } from "../../base/quote-value.js";
import { algorithmsOf } from "./algorithms.js";
import { isRecord, type JsonRecord } from "../json.js";
import type { AllowedAlgorithms, VerificationKey } from "./verification-key.js";

/**
 * The most keys in a set. Issuers publish two or three keys. The hub tries each key on a token without `kid`, so the
 * number of keys is limited.
 */
const maxKeys = 32;

/**
 * Parses a JWK set [RFC 7517 5]. As the RFC recommends, the parser skips keys that the hub cannot use: unknown or
 * weak kinds, encryption keys, or keys for other algorithms. The parser also skips shared secrets, which must not be
 * in a published set.
 *
 * @throws PharosError `bad-config` when the text is not a JWK set, has more than 32 keys, or has no usable key
 */
export function parseKeySet(text: string, allowed: AllowedAlgorithms): readonly VerificationKey[] {
  const set = parseJson(text);
  const listed = isRecord(set) ? set["keys"] : undefined;
  if (!Array.isArray(listed))
    throw new PharosError("bad-config", `not a JWK set: keys must be a list, not ${kindOfValue(listed)}`);
  if (listed.length > maxKeys)
    throw new PharosError("bad-config", `a JWK set may have at most ${maxKeys} keys, not ${listed.length}`);
  const keys = listed.flatMap((jwk: unknown) => (isRecord(jwk) ? usefulKey(jwk, allowed) : []));
  if (keys.length === 0)
    throw new PharosError(
      "bad-config",
      `none of the ${listed.length} keys of the JWK set can verify a token; allowed are RSA with 2048 bits or more, EC P-256, P-384 and P-521, and Ed25519; use, key_ops and alg must permit verifying with an allowed algorithm`,
    );
  return keys;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PharosError("bad-config", "not a JWK set: it is not JSON", { cause });
  }
}

function usefulKey(jwk: JsonRecord, allowed: AllowedAlgorithms): readonly VerificationKey[] {
  const { kid, alg } = jwk;
  if (!isForVerifying(jwk)) return [];
  const key = importKey(jwk);
  if (key === undefined) return [];
  // If a key has `alg`, the hub uses it only with that algorithm [RFC 7517 4.4].
  const suitable = algorithmsOf(key).filter((name) => alg === undefined || alg === name);
  const algorithms = new Set(suitable.filter((name) => allowed?.includes(name) ?? true));
  if (algorithms.size === 0) return [];
  return [{ key, kid: typeof kid === "string" ? kid : undefined, algorithms }];
}

function isForVerifying({ kty, use, key_ops: operations }: JsonRecord): boolean {
  if (kty === "oct" || (use !== undefined && use !== "sig")) return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
}

/** Imports only the public half, even if the set contains private keys by mistake. */
function importKey(jwk: JsonRecord): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  } catch {
    return undefined;
  }
}
