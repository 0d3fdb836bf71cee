import type { VerificationKey } from "./verification-key.js";

/** Returns the keys of one issuer. */
export interface KeySource {
  /** The current keys; empty before the first successful load. The promise never rejects. */
  keys(): Promise<readonly VerificationKey[]>;
  /**
   * Loads the keys again if the source supports that and the last load is not recent. Resolves to true if the keys are
   * others than `used`: a load in the background may have replaced them meanwhile. The promise never rejects.
   */
  renew(used: readonly VerificationKey[]): Promise<boolean>;
}

/** A source whose keys never change. */
export function fixedKeys(keys: readonly VerificationKey[]): KeySource {
  return { keys: () => Promise.resolve(keys), renew: () => Promise.resolve(false) };
}
