import type { Grants } from "../../auth/grants/grants.js";
import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import type { TokenLimits } from "../../limits/tokens.js";
import { revokes, type Revocation } from "./revocation.js";

/** The memory of an entry beside its texts: two objects, and its place in the list. */
const entryBytes = 300;

export interface RevokedTokensOptions {
  readonly clock: Pick<Clock, "now">;
  /** Read at each use. */
  readonly limits: Pick<TokenLimits, "revocationBytes">;
}

/**
 * The list of revoked tokens. An entry leaves the list when its tokens have expired, never earlier. So a full list
 * accepts no further entry.
 */
export class RevokedTokens {
  readonly #options: RevokedTokensOptions;
  readonly #entries = new Map<string, Revocation>();
  #bytes = 0;
  /** Memory for entries that are being stored. */
  #reserved = 0;
  /** No entry ends earlier, in milliseconds since 1970. */
  #firstEndMs = Number.POSITIVE_INFINITY;

  constructor(options: RevokedTokensOptions) {
    this.#options = options;
  }

  /** The entries of the list, and their memory in bytes. */
  get sizes(): { readonly count: number; readonly bytes: number } {
    this.#removeEnded();
    return { count: this.#entries.size, bytes: this.#bytes };
  }

  /** True if the token with these grants is revoked. */
  has(grants: Grants): boolean {
    if (this.#entries.size === 0) return false;
    const { tokenId, subject, issuer } = grants;
    const nowMs = this.#options.clock.now();
    const isIn = (by: Revocation["by"], value: string | undefined): boolean =>
      value !== undefined &&
      [undefined, issuer].some((of) => {
        const entry = this.#entries.get(keyOf({ by, value, issuer: of }));
        return entry !== undefined && entry.untilMs > nowMs && revokes(entry, grants);
      });
    return isIn("token", tokenId) || isIn("subject", subject);
  }

  /** @throws PharosError `token-revoked` if the token with these grants is revoked */
  check(grants: Grants | undefined): void {
    if (grants !== undefined && this.has(grants))
      throw new PharosError("token-revoked", "the token is revoked");
  }

  /**
   * Reserves memory for an entry. Call the result when the entry is in the list, or was not stored.
   *
   * @throws PharosError `too-many-revocations` if the list is full
   */
  reserve(revocation: Revocation): () => void {
    const { revocationBytes } = this.#options.limits;
    const key = keyOf(revocation);
    const bytes = this.#entries.has(key) ? 0 : bytesOf(key);
    this.#removeEnded();
    if (this.#bytes + this.#reserved + bytes > revocationBytes)
      throw new PharosError(
        "too-many-revocations",
        `the list of revoked tokens is full (limits.token.revocationBytes, ${revocationBytes} bytes); nothing was revoked. Entries leave the list when their tokens have expired: send exp with a revocation`,
      );
    this.#reserved += bytes;
    return () => void (this.#reserved -= bytes);
  }

  /** Adds an entry, also if the list is full: another hub had memory for it. Of two for the same tokens, the wider one counts. */
  add(revocation: Revocation): void {
    const key = keyOf(revocation);
    const before = this.#entries.get(key);
    if (before === undefined) this.#bytes += bytesOf(key);
    const entry = before === undefined ? revocation : wider(before, revocation);
    this.#entries.set(key, entry);
    this.#firstEndMs = Math.min(this.#firstEndMs, entry.untilMs);
  }

  /** All entries whose tokens have not expired. */
  all(): readonly Revocation[] {
    this.#removeEnded();
    return [...this.#entries.values()];
  }

  /** Visits the list only if an entry may have ended: 8 ms for 30,000 entries. */
  #removeEnded(): void {
    const nowMs = this.#options.clock.now();
    if (nowMs < this.#firstEndMs) return;
    this.#firstEndMs = Number.POSITIVE_INFINITY;
    for (const [key, { untilMs }] of this.#entries) {
      if (untilMs > nowMs) this.#firstEndMs = Math.min(this.#firstEndMs, untilMs);
      else if (this.#entries.delete(key)) this.#bytes -= bytesOf(key);
    }
  }
}

function wider(one: Revocation, other: Revocation): Revocation {
  const beforeMs =
    one.beforeMs === undefined || other.beforeMs === undefined
      ? undefined
      : Math.max(one.beforeMs, other.beforeMs);
  return { ...one, beforeMs, untilMs: Math.max(one.untilMs, other.untilMs) };
}

function keyOf({ by, value, issuer }: Pick<Revocation, "by" | "value" | "issuer">): string {
  return JSON.stringify([by, value, issuer ?? null]);
}

/** The key has the texts, and the entry has them again. A character has up to two bytes. */
function bytesOf(key: string): number {
  return entryBytes + 4 * key.length;
}
