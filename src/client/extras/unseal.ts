import type { LiveEvent } from "../messages/item.js";

/** 32 bytes, or their base64url text: the key that `pharos publish --encrypt-key` used. */
export type DecryptKey = string | Uint8Array;

/**
 * Sealed data is a compact JWE [RFC 7516 7.1]. The second part, the encrypted key, is empty, because both sides know
 * the key.
 */
const sealedForm = /^[\w-]+\.\.[\w-]+\.[\w-]*\.[\w-]+$/;

/**
 * Creates a function that decrypts the data of an event with a key that the hub does not have. Plain data stays
 * unchanged. If sealed data cannot be decrypted, the data stays unchanged and the event has `sealed: "unreadable"`. The
 * function accepts only the JWE algorithm `dir` with AES-256-GCM, even if the message names another algorithm. The
 * first sealed event loads the package `jose`. A page without a bundler must name `jose` in an import map.
 */
export function createUnsealer(key: DecryptKey): (event: LiveEvent) => Promise<LiveEvent> {
  const bytes = typeof key === "string" ? parseKey(key) : key;
  return async (event) => {
    if (!sealedForm.test(event.data)) return event;
    const { compactDecrypt } = await import("jose");
    const algorithms = { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] };
    const opened = await compactDecrypt(event.data, bytes, algorithms).catch(() => undefined);
    if (opened === undefined) return { ...event, sealed: "unreadable" };
    return { ...event, data: new TextDecoder().decode(opened.plaintext), sealed: "opened" };
  };
}

function parseKey(text: string): Uint8Array {
  const binary = atob(text.trim().replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
