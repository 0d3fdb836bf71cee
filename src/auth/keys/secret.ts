import { shortestSecretBytes } from "./algorithms.js";
import { knownTextIn } from "./known-text.js";

/** A secret with this prefix is the base64 text of its bytes. */
const base64Prefix = "base64:";

/** Base64 or base64url, with or without padding. */
const base64Form = /^[A-Za-z0-9+/_-]+={0,2}$/;

const allowed = `at least ${shortestSecretBytes} bytes [RFC 7518 3.2] of a random secret, as text or as base64: and the bytes in base64`;

/** The bytes of a secret: the UTF-8 bytes of the text, or the bytes in base64 after `base64:`. */
export function secretBytes(text: string): Buffer {
  return text.startsWith(base64Prefix)
    ? Buffer.from(text.slice(base64Prefix.length), "base64")
    : Buffer.from(text);
}

/**
 * The reason why a text cannot be a secret, and what is allowed; undefined for a secret. A public key is no secret:
 * everybody who knows the key could sign tokens. The reason never contains a part of the text.
 */
export function secretFault(text: string): string | undefined {
  const given = text.startsWith(base64Prefix) ? text.slice(base64Prefix.length) : undefined;
  if (given !== undefined && !(base64Form.test(given) && given.replace(/=+$/, "").length % 4 !== 1))
    return `${allowed}. After base64: comes base64 or base64url without spaces`;
  const bytes = secretBytes(text);
  const known = knownTextIn(bytes);
  if (known !== undefined)
    return `${allowed}. This is ${known}, which is no secret: others may know it, and could sign tokens. For a public key, use a PEM file or a JWK set (tokenKey, tokenJwks)`;
  return bytes.length < shortestSecretBytes
    ? `${allowed}. This has ${bytes.length}; "openssl rand -base64 48" makes a secret`
    : undefined;
}
