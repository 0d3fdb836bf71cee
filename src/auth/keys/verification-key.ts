import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";

import { PharosError } from "../../base/errors.js";
import { algorithmsOf, kindOf, shortestSecretBytes } from "./algorithms.js";

/** A key that may verify tokens, and with which algorithms alone. */
export interface VerificationKey {
  readonly key: KeyObject;
  /** The name that a token may mention to say which key signed it. */
  readonly kid: string | undefined;
  readonly algorithms: ReadonlySet<string>;
}

/** The algorithms that the settings allow; undefined allows each that suits its key. */
export type AllowedAlgorithms = readonly string[] | undefined;

/**
 * A shared secret, its UTF-8 bytes being the key.
 *
 * @throws PharosError `bad-config` when it is shorter than 32 bytes, or than an algorithm that is named needs
 */
export function secretKey(secret: string, allowed: AllowedAlgorithms): VerificationKey {
  const key = createSecretKey(Buffer.from(secret));
  if ((key.symmetricKeySize ?? 0) < shortestSecretBytes) {
    throw new PharosError(
      "bad-config",
      `a token secret needs at least ${shortestSecretBytes} bytes [RFC 7518 3.2]; "openssl rand -base64 48" makes one`,
    );
  }
  return verificationKey({ key, what: "the token secret", allowed });
}

/**
 * A public key, or a certificate, as PEM text. `what` names it in messages.
 *
 * @throws PharosError `bad-config` when it is none, is a private key, or is of a kind that is too weak or not taken
 */
export function pemKey(
  pem: string,
  { what, allowed }: { readonly what: string; readonly allowed: AllowedAlgorithms },
): VerificationKey {
  if (pem.includes("PRIVATE KEY-----")) {
    throw new PharosError(
      "bad-config",
      `${what} holds a private key; a hub needs the public one alone, which "openssl pkey -in FILE -pubout" prints`,
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
      `${what} is a key of the kind ${kindOf(key)}; allowed are RSA from 2048 bits on, EC P-256, P-384 and P-521, and Ed25519`,
    );
  }
  const algorithms = new Set(allowed?.filter((name) => suitable.includes(name)) ?? suitable);
  if (algorithms.size === 0) {
    throw new PharosError(
      "bad-config",
      `${what} suits none of the algorithms ${allowed?.join(", ") ?? ""}, but ${suitable.join(", ")}`,
    );
  }
  return { key, kid: undefined, algorithms };
}
