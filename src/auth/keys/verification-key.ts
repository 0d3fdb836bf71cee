import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";

import { PharosError } from "../../base/errors.js";
import { algorithmsOf, kindOf } from "./algorithms.js";
import { secretBytes, secretFault } from "./secret.js";

/** A key that verifies tokens, and the only algorithms allowed for this key. */
export interface VerificationKey {
  readonly key: KeyObject;
  /** The key id that a token header may name. */
  readonly kid: string | undefined;
  readonly algorithms: ReadonlySet<string>;
}

/** The algorithms that the settings allow; undefined allows every algorithm that the key supports. */
export type AllowedAlgorithms = readonly string[] | undefined;

/**
 * Makes a key from a shared secret: the UTF-8 bytes of the text, or the bytes in base64 after `base64:`.
 *
 * @throws PharosError `bad-config` when the secret is shorter than 32 bytes, is a key or another text that others may
 *   know, or is too short for a configured algorithm
 */
export function secretKey(secret: string, allowed: AllowedAlgorithms): VerificationKey {
  const fault = secretFault(secret);
  if (fault !== undefined) throw new PharosError("bad-config", `a token secret needs ${fault}`);
  return verificationKey({ key: createSecretKey(secretBytes(secret)), what: "the token secret", allowed });
}

/**
 * Parses a public key or a certificate in PEM form. Error messages use `what` as the name of the key.
 *
 * @throws PharosError `bad-config` when the text has no public key, has a private key, or has a key that is too weak
 *   or of an unsupported kind
 */
export function pemKey(
  pem: string,
  { what, allowed }: { readonly what: string; readonly allowed: AllowedAlgorithms },
): VerificationKey {
  if (pem.includes("PRIVATE KEY-----")) {
    throw new PharosError(
      "bad-config",
      `${what} holds a private key; a hub needs only the public key, which "openssl pkey -in FILE -pubout" prints`,
    );
  }
  const count = [...pem.matchAll(/-----BEGIN [A-Z0-9 ]*(?:PUBLIC KEY|CERTIFICATE)-----/g)].length;
  if (count > 1) {
    throw new PharosError(
      "bad-config",
      `${what} holds ${count} keys or certificates; allowed is one. For several keys, use a JWK set, or list several issuers under tokens`,
    );
  }
  return verificationKey({ key: publicKey(pem, what), what, allowed });
}

function publicKey(pem: string, what: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new PharosError("bad-config", `${what} holds no public key in PEM form`, { cause });
  }
}

function verificationKey({
  key,
  what,
  allowed,
}: {
  readonly key: KeyObject;
  readonly what: string;
  readonly allowed: AllowedAlgorithms;
}): VerificationKey {
  const suitable = algorithmsOf(key);
  if (suitable.length === 0) {
    throw new PharosError(
      "bad-config",
      `${what} is a key of the kind ${kindOf(key)}; allowed are RSA with 2048 bits or more, EC P-256, P-384 and P-521, and Ed25519`,
    );
  }
  const algorithms = new Set(allowed?.filter((name) => suitable.includes(name)) ?? suitable);
  if (algorithms.size === 0) {
    throw new PharosError(
      "bad-config",
      `${what} cannot be used with ${allowed?.join(", ") ?? ""}, only with ${suitable.join(", ")}`,
    );
  }
  return { key, kid: undefined, algorithms };
}
