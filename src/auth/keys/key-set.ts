import { createPublicKey, type JsonWebKey, type KeyObject } from "node:crypto";

import { PharosError } from "../../base/errors.js";
import { algorithmsOf } from "./algorithms.js";
import { isRecord, type JsonRecord } from "../json.js";
import type { AllowedAlgorithms, VerificationKey } from "./verification-key.js";

/** Issuers publish two or three. A token that names none is tried with each, so their number is bounded. */
const maxKeys = 32;

/**
 * Reads a JWK set [RFC 7517 5]. Keys that are of no use here are left out, as the RFC asks: those of unknown or weak
 * kinds, for encryption, or for other algorithms; and shared secrets, which belong into no published set.
 *
 * @throws PharosError `bad-config` when it is no JWK set, has more than 32 keys, or none of use
 */
export function parseKeySet(text: string, allowed: AllowedAlgorithms): readonly VerificationKey[] {
  const set = parseJson(text);
  const listed = isRecord(set) ? set["keys"] : undefined;
  if (!Array.isArray(listed)) throw new PharosError("bad-config", "not a JWK set: it has no list of keys");
  if (listed.length > maxKeys)
    throw new PharosError("bad-config", `a JWK set may have at most ${maxKeys} keys`);
  const keys = listed.flatMap((jwk: unknown) => (isRecord(jwk) ? usefulKey(jwk, allowed) : []));
  if (keys.length === 0) throw new PharosError("bad-config", "none of its keys can verify a token");
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
  // A key that names its algorithm is for that one alone [RFC 7517 4.4].
  const suitable = algorithmsOf(key).filter((name) => alg === undefined || alg === name);
  const algorithms = new Set(suitable.filter((name) => allowed?.includes(name) ?? true));
  if (algorithms.size === 0) return [];
  return [{ key, kid: typeof kid === "string" ? kid : undefined, algorithms }];
}

function isForVerifying({ kty, use, key_ops: operations }: JsonRecord): boolean {
  if (kty === "oct" || (use !== undefined && use !== "sig")) return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes("verify"));
}

/** The public half alone, even of a set that holds private keys by mistake. */
function importKey(jwk: JsonRecord): KeyObject | undefined {
  try {
    return createPublicKey({ key: jwk as JsonWebKey, format: "jwk" });
  } catch {
    return undefined;
  }
}
