import type { Clock } from "../../base/clock.js";

/** How often each key may take a token. */
export interface Rate {
  /** The average rate. */
  readonly perSecond: number;
  /** The most tokens that a key may use at once after a pause, at least 1. @default `perSecond` */
  readonly burst?: number;
}

export interface RateLimitOptions {
  /** Returns the rate that applies now. After a change, a key waits as long as before for the tokens that it has used. */
  readonly rate: () => Rate;
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
  readonly #rate: () => Rate;
  readonly #keys: number;
  readonly #clock: Clock;
  /** The time at which the bucket of each key is full, with the least recently used key first. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(options: RateLimitOptions) {
    this.#rate = options.rate;
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
    const { perSecond, burst = perSecond } = this.#rate();
    const intervalMs = 1000 / perSecond;
    const toleranceMs = (Math.max(1, burst) - 1) * intervalMs;
    const now = this.#clock.monotonic();
    const fullAtMs = Math.max(now, this.#fullAtMs.get(key) ?? now);
    const waitMs = fullAtMs - now - toleranceMs;
    const isTaken = waitMs < roundingMs;
    this.#remember(key, isTaken ? fullAtMs + intervalMs : fullAtMs);
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
