import type { LiveEvent } from "../messages/item.js";

/** 32 bytes, as they are or in base64url: what `pharos publish --encrypt-key` was given. */
export type DecryptKey = string | Uint8Array;

/** Sealed data is a JWE in its compact form [RFC 7516 7.1], whose second part is empty: the key is shared, not sent along. */
const sealedForm = /^[\w-]+\.\.[\w-]+\.[\w-]*\.[\w-]+$/;

/**
 * Opens the data of events with a key that the hub never sees. What was not sealed stays as it is and says so; what cannot be
 * opened stays too. Only AES-256-GCM with the key itself is taken: what a message asks for is no choice of the reader's.
 * Loads the package `jose` with the first sealed event; a page that is not bundled names it in an import map.
 */
export function unsealing(key: DecryptKey): (event: LiveEvent) => Promise<LiveEvent> {
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
