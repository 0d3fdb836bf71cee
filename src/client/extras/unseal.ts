import type { LiveEvent } from "../messages/item.js";
import { objectFields } from "../messages/json.js";

/** 32 bytes, or their base64url text: the key that `pharos publish --encrypt-key` used. */
export type DecryptKey = string | Uint8Array;

/**
 * Sealed data is a compact JWE [RFC 7516 7.1]. The second part, the encrypted key, is empty, because both sides know
 * the key. The other parts are the header, the initialization vector, the encrypted data and the authentication tag.
 */
const sealedForm = /^([\w-]+)\.\.([\w-]+)\.([\w-]*)\.([\w-]+)$/;

/** The lengths of AES-256-GCM in JWE, in bytes [RFC 7518 5.3]. */
const lengths = Object.freeze({ key: 32, vector: 12, tag: 16 });

/**
 * Creates a function that decrypts the data of an event with a key that the hub does not have. Plain data stays
 * unchanged. If sealed data cannot be decrypted, the data stays unchanged and the event has `sealed: "unreadable"`. The
 * function accepts only the JWE algorithm `dir` with AES-256-GCM, even if the message names another algorithm. It uses
 * the platform's cryptography, which browsers have only on pages with TLS or on localhost.
 *
 * @throws TypeError if the key does not have 32 bytes
 */
export function createUnsealer(key: DecryptKey): (event: LiveEvent) => Promise<LiveEvent> {
  const bytes = parseKey(key);
  return async (event) => {
    const [, ...parts] = sealedForm.exec(event.data) ?? [];
    if (parts.length === 0) return event;
    const data = await decrypt(bytes, parts).catch(() => undefined);
    return data === undefined ? { ...event, sealed: "unreadable" } : { ...event, data, sealed: "opened" };
  };
}

/** @throws Error if the data cannot be decrypted */
async function decrypt(
  key: Uint8Array<ArrayBuffer>,
  [header = "", vector = "", encrypted = "", tag = ""]: readonly string[],
): Promise<string> {
  const { alg, enc, crit, zip } = objectFields(JSON.parse(new TextDecoder().decode(bytesOf(header))));
  const [iv, tagBytes] = [bytesOf(vector), bytesOf(tag)];
  const isKnown = alg === "dir" && enc === "A256GCM" && crit === undefined && zip === undefined;
  if (!isKnown || iv.length !== lengths.vector || tagBytes.length !== lengths.tag)
    throw new Error("unknown form");
  const secret = await crypto.subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const additionalData = new TextEncoder().encode(header);
  const data = new Uint8Array([...bytesOf(encrypted), ...tagBytes]);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, secret, data);
  return new TextDecoder().decode(plain);
}

function parseKey(key: DecryptKey): Uint8Array<ArrayBuffer> {
  const bytes = typeof key === "string" ? parseKeyText(key) : Uint8Array.from(key);
  if (bytes?.length === lengths.key) return bytes;
  throw new TypeError(
    `decryptKey must be 32 bytes or their base64 text, not ${bytes?.length ?? "another text"}`,
  );
}

function parseKeyText(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return bytesOf(text.trim());
  } catch {
    return undefined;
  }
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const binary = atob(base64.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
