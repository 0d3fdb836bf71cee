import type { VerificationKey } from "./verification-key.js";

/** Where the keys of an issuer come from. */
export interface KeySource {
  /** The keys as they are known now; none while they could not be had yet. Never rejects. */
  keys(): Promise<readonly VerificationKey[]>;
  /** Asks for the keys anew, if that is possible and it was not done just now; true when it brought others. Never rejects. */
  renew(): Promise<boolean>;
}

/** Keys that stay what they are. */
export function fixedKeys(keys: readonly VerificationKey[]): KeySource {
  return { keys: () => Promise.resolve(keys), renew: () => Promise.resolve(false) };
}
