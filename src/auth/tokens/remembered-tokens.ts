import { createHash } from "node:crypto";

import type { Grants } from "../grants/grants.js";

/** How long a verification is good for, in milliseconds: a key that its issuer withdrew is trusted no longer. */
const rememberedForMs = 60_000;

interface Remembered {
  readonly grants: Grants;
  readonly untilMs: number;
}

/**
 * Accepted tokens by their SHA-256, so that a publisher's next request costs no signature. Each is good for a minute, and
 * never beyond its end. When there are too many the one that was verified longest ago is forgotten.
 */
export class RememberedTokens {
  readonly #most: number;
  readonly #tokens = new Map<string, Remembered>();

  /** `most` tokens are remembered; 0 remembers none. */
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

/** The token itself is not kept: it would let whoever reads the memory act in its bearer's name. */
function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}
