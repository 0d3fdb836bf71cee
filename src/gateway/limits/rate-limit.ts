import type { Clock } from "../../base/clock.js";

export interface RateLimitOptions {
  /** How many may be taken a second for each key in the long run. */
  readonly perSecond: number;
  /** How many may be taken at once after a rest, at least 1. @default what one second gives */
  readonly burst?: number;
  /** Keys that are remembered: those asked for longest ago are forgotten first. @default 100,000, some 15 MB */
  readonly keys?: number;
  readonly clock: Clock;
}

/** A difference of this many milliseconds is one of rounding. */
const roundingMs = 1e-3;

/**
 * A bucket of tokens for each key, kept as the one moment at which it will be full again (the generic cell rate
 * algorithm). To forget a key is to fill its bucket, so a crowd of keys beyond the bound is let through, never locked out.
 */
export class RateLimit {
  readonly #intervalMs: number;
  readonly #toleranceMs: number;
  readonly #keys: number;
  readonly #clock: Clock;
  /** In the order in which they were last asked for. */
  readonly #fullAtMs = new Map<string, number>();

  constructor(options: RateLimitOptions) {
    const burst = Math.max(1, options.burst ?? options.perSecond);
    this.#intervalMs = 1000 / options.perSecond;
    this.#toleranceMs = (burst - 1) * this.#intervalMs;
    this.#keys = options.keys ?? 100_000;
    this.#clock = options.clock;
  }

  /** Keys that are remembered at the moment. */
  get size(): number {
    return this.#fullAtMs.size;
  }

  /** Takes one for this key: 0, or where there is none the milliseconds until there will be. */
  take(key: string): number {
    const now = this.#clock.monotonic();
    const fullAtMs = Math.max(now, this.#fullAtMs.get(key) ?? now);
    const waitMs = fullAtMs - now - this.#toleranceMs;
    const isThere = waitMs < roundingMs;
    this.#remember(key, isThere ? fullAtMs + this.#intervalMs : fullAtMs);
    this.#forget(now);
    return isThere ? 0 : waitMs;
  }

  #remember(key: string, fullAtMs: number): void {
    this.#fullAtMs.delete(key);
    this.#fullAtMs.set(key, fullAtMs);
  }

  /** Each call adds at most one key, so that this goes on for long only when long nothing had to be done. */
  #forget(now: number): void {
    for (const [key, fullAtMs] of this.#fullAtMs) {
      if (fullAtMs > now && this.#fullAtMs.size <= this.#keys) return;
      this.#fullAtMs.delete(key);
    }
  }
}
