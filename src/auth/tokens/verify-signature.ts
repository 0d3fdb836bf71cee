import { errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from "jose";

import { importedKey } from "../keys/imported-key.js";
import { explainRefusal, quoted } from "../refusal.js";
import type { KeySource } from "../keys/key-source.js";
import type { TrustedIssuer } from "./trusted-issuer.js";
import type { UnverifiedToken } from "./unverified-token.js";
import type { VerificationKey } from "../keys/verification-key.js";

/** The time of a verification, and the difference between clocks that it tolerates. */
export interface Times {
  readonly nowMs: number;
  readonly leewayMs: number;
}

/**
 * Verifies a token with the keys of one issuer, and checks that the token is valid now and for this hub.
 *
 * @returns the claims; undefined if no key of the issuer signed the token
 * @throws PharosError `invalid-token` when a key signed the token, but the token has expired, is not valid yet, or is
 *   for another audience
 */
export async function verifyWith(
  issuer: TrustedIssuer,
  token: UnverifiedToken,
  times: Times,
): Promise<JWTPayload | undefined> {
  const options = verifyOptions(issuer, token, times);
  for (const source of issuer.sources) {
    const claims = await verifyFrom(source, token, options);
    if (claims !== undefined) return claims;
  }
  return undefined;
}

/**
 * The options for the JWT library. The library compares whole seconds, so it gets one second of tolerance more than the
 * leeway. `parseGrants` checks the exact times.
 */
function verifyOptions(
  issuer: TrustedIssuer,
  token: UnverifiedToken,
  { nowMs, leewayMs }: Times,
): JWTVerifyOptions {
  const times = { currentDate: new Date(nowMs), clockTolerance: leewayMs / 1000 + 1 };
  const { audience } = issuer;
  if (token.form === "older") return { ...times, ...(token.hasAudience ? { audience } : {}) };
  return { ...times, audience, issuer: issuer.name, typ: "at+jwt", requiredClaims: ["exp"] };
}

/** Verifies a token. Loads the keys once more if no key verifies the token: the issuer may have new keys. */
async function verifyFrom(
  source: KeySource,
  token: UnverifiedToken,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  const keys = await source.keys();
  const claims = await verifyWithKeys(keys, token, options);
  if (claims !== undefined) return claims;
  return (await source.renew(keys)) ? verifyWithKeys(await source.keys(), token, options) : undefined;
}

async function verifyWithKeys(
  keys: readonly VerificationKey[],
  token: UnverifiedToken,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  for (const key of candidates(keys, token)) {
    const claims = await verifyWithKey(key, token, options);
    if (claims !== undefined) return claims;
  }
  return undefined;
}

/** The keys to try. `kid` decides only the order of the keys: an attacker can write any `kid`. */
function candidates(
  keys: readonly VerificationKey[],
  { algorithm, kid }: UnverifiedToken,
): readonly VerificationKey[] {
  const suitable = keys.filter(({ algorithms }) => algorithms.has(algorithm));
  const named = suitable.filter((key) => key.kid !== undefined && key.kid === kid);
  return [...named, ...suitable.filter((key) => !named.includes(key))];
}

async function verifyWithKey(
  { key, algorithms }: VerificationKey,
  token: UnverifiedToken,
  options: JWTVerifyOptions,
): Promise<JWTPayload | undefined> {
  try {
    const imported = await importedKey(key, token.algorithm);
    const { payload } = await jwtVerify(token.text, imported, { ...options, algorithms: [...algorithms] });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
    throw explainRefusal(error, options);
  }
}

/** A sentence that explains why no key of these issuers verifies the token. */
export async function explainNoKey(
  issuers: readonly TrustedIssuer[],
  token: UnverifiedToken,
): Promise<string> {
  const keys = (
    await Promise.all(issuers.flatMap(({ sources }) => sources.map((source) => source.keys())))
  ).flat();
  const algorithms = [...new Set(keys.flatMap((key) => [...key.algorithms]))];
  if (keys.length === 0) return "the keys of its issuer could not be loaded; the log says why";
  if (!algorithms.includes(token.algorithm))
    return `its algorithm is ${quoted(token.algorithm)}; the keys that may verify it allow ${algorithms.join(", ")}`;
  const known = keys.some(({ kid }) => kid !== undefined && kid === token.kid);
  const named =
    token.kid === undefined || known
      ? ""
      : `; it names the key ${quoted(token.kid)}, which the issuer does not have`;
  return `its signature is not by a key of its issuer${named}`;
}
