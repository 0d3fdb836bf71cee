import type { VerificationKey } from "./verification-key.js";

/** A source of the keys of one issuer. */
export interface KeySource {
  /** The current keys; empty before the first successful load. Never rejects. */
  keys(): Promise<readonly VerificationKey[]>;
  /**
   * Loads the keys again if the source supports it and the last load is not recent. True if the keys have changed.
   * Never rejects.
   */
  renew(): Promise<boolean>;
}

/** A source whose keys never change. */
export function fixedKeys(keys: readonly VerificationKey[]): KeySource {
  return { keys: () => Promise.resolve(keys), renew: () => Promise.resolve(false) };
}
