import type { Clock } from "../../../base/clock.js";
import { PharosError } from "../../../base/errors.js";
import { limitedLog, type LimitedLog, type Logger } from "../../../base/log.js";
import { unlessAborted } from "../../../base/at-most.js";

/** The pause before the next attempt, in milliseconds. */
const retryMs = 500;

/** A period of the log lines about failures, in milliseconds. */
const linePeriodMs = 10_000;

/** What the start of a journal tries again until its log responds: an engine may be away for some time. */
export class StartAttempts {
  readonly #clock: Clock;
  readonly #warn: LimitedLog;
  readonly #closing = new AbortController();

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = options.clock;
    this.#warn = limitedLog({ ...options, periodMs: linePeriodMs });
  }

  /**
   * Tries until an attempt succeeds.
   *
   * @throws PharosError of an attempt, if its code is not `unreachable`; `closed` after {@link close}
   */
  async until<T>(attempt: () => Promise<T>): Promise<T> {
    const { signal } = this.#closing;
    for (;;) {
      try {
        return await unlessAborted(signal, attempt());
      } catch (error) {
        if (error instanceof PharosError && error.code !== "unreachable") throw error;
        this.#warn({ error }, "the journal does not respond; trying again");
      }
      await unlessAborted(signal, new Promise<void>((resolve) => void this.#clock.after(retryMs, resolve)));
    }
  }

  /** Ends all attempts. */
  close(): void {
    this.#closing.abort();
  }
}
