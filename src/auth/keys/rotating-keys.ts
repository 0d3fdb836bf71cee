import type { Clock } from "../../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import { shortestFreshMs } from "./freshness.js";
import type { KeySource } from "./key-source.js";
import { printableText } from "../../base/quote-value.js";
import type { VerificationKey } from "./verification-key.js";

/**
 * The time after which a token waits for the load of keys that are no longer current, in milliseconds. Earlier tokens
 * only start the load, so on a busy hub no token waits.
 */
const waitAfterMs = shortestFreshMs;

/** The result of a load. */
export interface LoadedKeys {
  readonly keys: readonly VerificationKey[];
  /** The text of the set. Equal texts have equal keys. */
  readonly text: string;
  /** The time for which the keys count as current, in milliseconds. */
  readonly freshMs: number;
}

/** The shortest time between two log lines about one key set, in milliseconds. */
const warnEveryMs = 60_000;

export interface RotatingKeysOptions {
  /** The file or URL, as written in the log. */
  readonly source: string;
  /** Loads the keys. Rejects if the load fails or if no key is usable. */
  readonly load: () => Promise<LoadedKeys>;
  /** The keys that the hub has already read at its start. @default none; then the first token waits for a load */
  readonly initial?: LoadedKeys;
  /**
   * Keys of the same set that an earlier configuration has loaded. The first token still waits for a load. If that
   * load fails, these keys stay in use. @default none
   */
  readonly known?: LoadedKeys | undefined;
  /** Called when a load has replaced keys by other keys. */
  readonly changed: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keys that their issuer may change. The hub loads these keys at most every 30 seconds:
 * - when a token needs a key for the first time;
 * - when the keys are no longer current: in the background, or after further 30 seconds before the next verification;
 * - when no key verifies a token's signature, also if the token names a known key: the issuer may have replaced it.
 *
 * If loading fails, the hub continues to use the known keys, and loads them again in the background.
 */
export class RotatingKeys implements KeySource {
  readonly #options: RotatingKeysOptions;
  readonly #warn: LimitedLog;
  #loaded: LoadedKeys | undefined;
  #staleAtMs: number;
  #nextAskAtMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<void> | undefined;
  #hasFailed = false;

  constructor(options: RotatingKeysOptions) {
    const { logger, clock, initial, known } = options;
    this.#options = options;
    this.#warn = limitedLog({ logger, clock, periodMs: warnEveryMs });
    this.#loaded = initial ?? known;
    this.#staleAtMs = initial === undefined ? Number.NEGATIVE_INFINITY : clock.monotonic() + initial.freshMs;
  }

  /** The last keys that were loaded; undefined before the first successful load. */
  get known(): LoadedKeys | undefined {
    return this.#loaded;
  }

  async keys(): Promise<readonly VerificationKey[]> {
    const overdueMs = this.#options.clock.monotonic() - this.#staleAtMs;
    const mustWait = this.#loaded === undefined || (overdueMs >= waitAfterMs && !this.#hasFailed);
    if (mustWait) await this.#ask();
    else if (overdueMs >= 0) void this.#ask();
    return this.#loaded?.keys ?? [];
  }

  async renew(used: readonly VerificationKey[]): Promise<boolean> {
    await this.#ask();
    return this.#loaded !== undefined && this.#loaded.keys !== used;
  }

  /** Loads the keys. Concurrent callers share one load. Never rejects. */
  #ask(): Promise<void> {
    if (this.#asking !== undefined) return this.#asking;
    const now = this.#options.clock.monotonic();
    if (now < this.#nextAskAtMs) return Promise.resolve();
    this.#nextAskAtMs = now + shortestFreshMs;
    this.#asking = this.#load().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #load(): Promise<void> {
    try {
      this.#replace(await this.#options.load());
      this.#hasFailed = false;
    } catch (error) {
      this.#hasFailed = true;
      const reason = printableText(error instanceof Error ? error.message : String(error));
      const kept =
        this.#loaded === undefined
          ? "the hub refuses all tokens of this issuer"
          : "the known keys stay in use";
      this.#warn({ source: this.#options.source, reason }, `keys for tokens could not be loaded; ${kept}`);
    }
  }

  #replace(loaded: LoadedKeys): void {
    const before = this.#loaded;
    this.#staleAtMs = this.#options.clock.monotonic() + loaded.freshMs;
    if (before?.text === loaded.text) return;
    this.#loaded = loaded;
    if (before !== undefined) this.#options.changed();
  }
}
