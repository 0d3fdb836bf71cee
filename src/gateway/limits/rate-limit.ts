import type { Clock } from "../../base/clock.js";

export interface RateLimitOptions {
  /** The average rate for each key. */
  readonly perSecond: number;
  /** The most tokens that a key may use at once after a pause, at least 1. @default `perSecond` */
  readonly burst?: number;
  /** The most keys in memory. The limiter forgets the least recently used key first. @default 100,000, about 15 MB */
  readonly keys?: number;
  readonly clock: Clock;
}

/** Time differences below this value, in milliseconds, are rounding errors. */
const roundingMs = 1e-3;

/**
 * A token bucket for each key, stored as the time at which the bucket is full again (the generic cell rate
 * algorithm). A forgotten key has a full bucket. So with more keys than the limit, the limiter may allow too much,
 * but never blocks a key wrongly.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  readonly #keys: number;
  readonly #clock: Clock;
  /** The time at which the bucket of each key is full, with the least recently used key first. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(options: RateLimitOptions) {
    const burst = Math.max(1, options.burst ?? options.perSecond);
    this.#intervalMs = 1000 / options.perSecond;
    this.#toleranceMs = (burst - 1) * this.#intervalMs;
    this.#keys = options.keys ?? 100_000;
    this.#clock = options.clock;
  }

  /** The number of remembered keys. */
  get size(): number {
    return this.#fullAtMs.size;
  }

  /**
   * Removes one token from the key's bucket and returns 0. If the bucket is empty, returns the milliseconds until the
   * next token.
   */
  take(key: string): number {
    const now = this.#clock.monotonic();
    const fullAtMs = Math.max(now, this.#fullAtMs.get(key) ?? now);
    const waitMs = fullAtMs - now - this.#toleranceMs;
    const isTaken = waitMs < roundingMs;
    this.#remember(key, isTaken ? fullAtMs + this.#intervalMs : fullAtMs);
    this.#forget(now);
    return isTaken ? 0 : waitMs;
  }

  #remember(key: string, fullAtMs: number): void {
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, fullAtMs);
  }

  /**
   * Forgets keys with a full bucket, and the least recently used keys above the limit. Each call of {@link take} adds
   * at most one key, so the loop is short on average.
   */
  #forget(now: number): void {
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > now && this.#fullAtMs.size <= this.#keys) return;
      this.#fullAtMs.delete(key);
    }
  }
}
