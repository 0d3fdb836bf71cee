import { webcrypto, type KeyObject } from "node:crypto";

import type { CryptoKey } from "jose";

const imported = new WeakMap<KeyObject, Map<string, Promise<CryptoKey>>>();

/**
 * Converts a key to the form that the JWT library uses to verify. The library caches its imported public keys, but
 * imports a secret again for each token. That import makes a verification 2.5 times as long, so this module caches
 * imported secrets.
 */
export function importedKey(key: KeyObject, algorithm: string): KeyObject | Promise<CryptoKey> {
  if (key.type !== "secret") return key;
  const forms = imported.get(key) ?? new Map<string, Promise<CryptoKey>>();
  imported.set(key, forms);
  const form = forms.get(algorithm) ?? importSecret(key, algorithm);
  forms.set(algorithm, form);
  return form;
}

function importSecret(key: KeyObject, algorithm: string): Promise<CryptoKey> {
  const hmac = { name: "HMAC", hash: algorithm.replace("HS", "SHA-") };
  return webcrypto.subtle.importKey("raw", key.export(), hmac, false, ["verify"]);
}
