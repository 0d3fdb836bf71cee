import { createHash } from "node:crypto";

import type { Grants } from "../grants/grants.js";

/**
 * The time for which a verification stays valid, in milliseconds. After this time the hub verifies the token again,
 * with the keys that it then trusts.
 */
const rememberedForMs = 60_000;

interface Remembered {
  readonly grants: Grants;
  readonly untilMs: number;
}

/**
 * A cache of accepted tokens, by their SHA-256. The next request with the same token then needs no signature check.
 * An entry is valid for a minute, and never after the token has expired. A full cache removes the entry with the
 * oldest verification.
 */
export class RememberedTokens {
  readonly #most: number;
  readonly #tokens = new Map<string, Remembered>();

  /** `most` is the largest number of entries; 0 turns the cache off. */
  constructor(most: number) {
    this.#most = most;
  }

  get(token: string, nowMs: number): Grants | undefined {
    if (this.#most === 0) return undefined;
    const hash = hashOf(token);
    const known = this.#tokens.get(hash);
    if (known === undefined || nowMs < known.untilMs) return known?.grants;
    this.#tokens.delete(hash);
    return undefined;
  }

  add(token: string, grants: Grants, nowMs: number): void {
    if (this.#most === 0) return;
    const hash = hashOf(token);
    const untilMs = Math.min(nowMs + rememberedForMs, grants.expiresAtMs ?? Number.POSITIVE_INFINITY);
    this.#tokens.delete(hash);
    this.#tokens.set(hash, { grants, untilMs });
    if (this.#tokens.size > this.#most) this.#forgetFirst();
  }

  #forgetFirst(): void {
    for (const hash of this.#tokens.keys()) {
      this.#tokens.delete(hash);
      return;
    }
  }
}

/**
 * The cache stores a hash instead of the token: an attacker who reads the memory could use a token, but not its hash.
 */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
