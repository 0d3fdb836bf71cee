import type { Clock } from "../../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { KeySource } from "./key-source.js";
import { printableText } from "../../base/quote-value.js";
import type { VerificationKey } from "./verification-key.js";

/** The hub loads keys again when they are this old, in milliseconds, so that it soon stops trusting a withdrawn key. */
const staleAfterMs = 600_000;

/**
 * The shortest time between two loads, in milliseconds. A token with an unknown key causes a load, so this time
 * limits the number of requests to an issuer.
 */
const askEveryMs = 30_000;

/** The shortest time between two log lines about one key set, in milliseconds. */
const warnEveryMs = 60_000;

export interface RotatingKeysOptions {
  /** The file or URL, as written in the log. */
  readonly source: string;
  /** Loads the keys. Rejects if the load fails or if no key is usable. */
  readonly load: () => Promise<readonly VerificationKey[]>;
  /** The keys that the hub has already read at its start. @default none; then the first token waits for a load */
  readonly initial?: readonly VerificationKey[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keys that their issuer may change. The hub loads these keys at most every 30 seconds:
 * - when a token needs a key for the first time;
 * - in the background, when the keys are 10 minutes old;
 * - when a token names an unknown key.
 *
 * If loading fails, the hub continues to use the known keys.
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

  /** Loads the keys. Concurrent callers share one load. Never rejects. */
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
