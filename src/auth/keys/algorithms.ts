import type { KeyObject } from "node:crypto";

/** Hash sizes in bytes. An HMAC key must be at least as long [RFC 7518 3.2]. */
const hmacBytes = { HS256: 32, HS384: 48, HS512: 64 } as const;

/** The shortest secret that any algorithm accepts, in bytes. */
export const shortestSecretBytes = hmacBytes.HS256;

/** The shortest RSA modulus [RFC 7518 3.3, 3.5]. */
const shortestModulusBits = 2048;

const rsa = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;

/** The algorithms for each curve, by Node's name of the curve [RFC 7518 3.4]. */
const curves: ReadonlyMap<string, readonly string[]> = new Map([
  ["prime256v1", ["ES256"]],
  ["secp384r1", ["ES384"]],
  ["secp521r1", ["ES512"]],
]);

/** RFC 9864 renames `EdDSA` to `Ed25519`; most tokens still say `EdDSA`. */
const ed25519 = ["EdDSA", "Ed25519"] as const;

/** Every signature algorithm that the hub supports for some key. */
export const algorithmNames: readonly string[] = [
  ...Object.keys(hmacBytes),
  ...rsa,
  ...[...curves.values()].flat(),
  ...ed25519,
];

/**
 * The signature algorithms that a key can verify, the usual one first. Empty for a key that is too weak or of an
 * unsupported kind. The key decides which algorithms a token may use; the token itself never decides that [RFC 8725
 * 3.1].
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

/** The kind of a key for error messages, such as `EC secp256k1`. */
export function kindOf(key: KeyObject): string {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const size = modulusLength === undefined ? namedCurve : `of ${modulusLength} bits`;
  return [key.asymmetricKeyType ?? "secret", ...(size === undefined ? [] : [size])].join(" ");
}
