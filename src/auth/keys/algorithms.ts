import type { KeyObject } from "node:crypto";

/** Hash sizes in bytes: the key of an HMAC must have at least as many [RFC 7518 3.2]. */
const hmacBytes = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** The shortest secret that any algorithm takes, in bytes. */
export const shortestSecretBytes = hmacBytes.HS256;

/** [RFC 7518 3.3, 3.5] */
const shortestModulusBits = 2048;

const rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;

/** By the names that Node gives the curves [RFC 7518 3.4]. */
const curves: ReadonlyMap<string, readonly string[]> = new Map([
  ["prime256v1", ["ES256"]],
  ["secp384r1", ["ES384"]],
  ["secp521r1", ["ES512"]],
]);

/** `Ed25519` is the name that RFC 9864 gives to what nearly everybody writes as `EdDSA`. */
const ed25519 = ["EdDSA", "Ed25519"] as const;

/**
 * The signature algorithms that suit a key, the usual one first; none for a key that is too weak or of another kind.
 * Which a token may use follows from the key, never from the token [RFC 8725 3.1].
 */
export function algorithmsOf(key: KeyObject): readonly string[] {
  if (key.type === "secret") return hmacsOf(key.symmetricKeySize ?? 0);
  const { modulusLength = 0, namedCurve = "" } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === "rsa") return modulusLength >= shortestModulusBits ? rsa : [];
  if (key.asymmetricKeyType === "ec") return curves.get(namedCurve) ?? [];
  return key.asymmetricKeyType === "ed25519" ? ed25519 : [];
}

function hmacsOf(bytes: number): readonly string[] {
  return Object.entries(hmacBytes).flatMap(([name, shortest]) => (bytes >= shortest ? [name] : []));
}

/** A key's kind for people, as in `EC secp256k1`. */
export function kindOf(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const size = modulusLength === undefined ? namedCurve : `of ${modulusLength} bits`;
  return [key.asymmetricKeyType ?? "secret", ...(size === undefined ? [] : [size])].join(" ");
}
