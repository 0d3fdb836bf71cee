import type { Clock } from "../../base/clock.js";

export interface RateLimitOptions {
  /** The rate for each key in the long run. */
  readonly perSecond: number;
  /** The most that a key may take at once after a pause, at least 1. @default `perSecond` */
  readonly burst?: number;
  /** The most keys to remember; the least recently used one is forgotten first. @default 100,000, about 15 MB */
  readonly keys?: number;
  readonly clock: Clock;
}

/** Smaller differences, in milliseconds, come from rounding. */
const roundingMs = 1e-3;

/**
 * A token bucket for each key, stored as the time at which the bucket is full again (the generic cell rate algorithm).
 * A forgotten key has a full bucket, so more keys than the limit are let through, never locked out.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  readonly #keys: number;
  readonly #clock: Clock;
  /** By key, the least recently used one first. */
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

  /** Takes one token of this key and returns 0. If there is none, returns the milliseconds until the next token. */
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

  /** Each call of {@link take} adds at most one key, so the loop is short on average. */
  #forget(now: number): void {
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > now && this.#fullAtMs.size <= this.#keys) return;
      this.#fullAtMs.delete(key);
    }
  }
}
