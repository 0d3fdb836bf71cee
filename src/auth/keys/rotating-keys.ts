import type { Clock } from "../../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { KeySource } from "./key-source.js";
import { printableText } from "../refusal.js";
import type { VerificationKey } from "./verification-key.js";

/** After this time the hub loads the keys again, so that it does not trust a withdrawn key for long. */
const staleAfterMs = 600_000;

/** The shortest time between two loads: tokens that name unknown keys cannot cause more requests to an issuer. */
const askEveryMs = 30_000;

/** The shortest time between two log lines about one set. */
const warnEveryMs = 60_000;

export interface RotatingKeysOptions {
  /** The file or URL, for the log. */
  readonly source: string;
  /** Loads the keys. Rejects if they cannot be loaded or none is usable. */
  readonly load: () => Promise<readonly VerificationKey[]>;
  /** Keys that are known at the start. */
  readonly initial?: readonly VerificationKey[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keys that their issuer may change. They are loaded at most every 30 seconds:
 * - when a token needs them for the first time;
 * - in the background, when they are 10 minutes old;
 * - when a token names a key that is unknown.
 *
 * If loading fails, the known keys stay in use.
 */
export class RotatingKeys implements KeySource {
  readonly #options: RotatingKeysOptions;
  readonly #warn: LimitedLog;
  #keys: readonly VerificationKey[] | undefined;
  #staleAtMs: number;
  #nextAskAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;

  constructor(options: RotatingKeysOptions) {
    this.#options = options;
    this.#warn = limitedLog({ logger: options.logger, clock: options.clock, periodMs: warnEveryMs });
    this.#keys = options.initial;
    this.#staleAtMs = options.clock.monotonic() + staleAfterMs;
  }

  async keys(): Promise<readonly VerificationKey[]> {
    if (this.#keys === undefined) await this.#ask();
    else if (this.#options.clock.monotonic() >= this.#staleAtMs) void this.#ask();
    return this.#keys ?? [];
  }

  async renew(): Promise<boolean> {
    const before = this.#keys;
    await this.#ask();
    return this.#keys !== before;
  }

  /** Concurrent callers share one load. Never rejects. */
  #ask(): Promise<void> {
    if (this.#asking !== undefined) return this.#asking;
    const now = this.#options.clock.monotonic();
    if (now < this.#nextAskAtMs) return Promise.resolve();
    this.#nextAskAtMs = now + askEveryMs;
    this.#asking = this.#load().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #load(): Promise<void> {
    try {
      this.#keys = await this.#options.load();
      this.#staleAtMs = this.#options.clock.monotonic() + staleAfterMs;
    } catch (error) {
      const reason = printableText(error instanceof Error ? error.message : String(error));
      const kept =
        this.#keys === undefined ? "the hub refuses all tokens of this issuer" : "the known keys stay in use";
      this.#warn({ source: this.#options.source, reason }, `keys for tokens could not be loaded; ${kept}`);
    }
  }
}
