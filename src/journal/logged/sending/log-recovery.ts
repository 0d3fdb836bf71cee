import type { Clock } from "../../../base/clock.js";
import { limitedLog, type LimitedLog, type Logger } from "../../../base/log.js";
import type { Metrics } from "../../../base/metrics.js";
import type { Log } from "../../log/log.js";

/** The least time between two attempts to make the log ready, in milliseconds. */
const retryMs = 1000;

/** The most recoveries without a pause, each within {@link retryMs} of the one before. */
const mostInARow = 3;

/** A period of the log lines about failures, in milliseconds. */
const linePeriodMs = 10_000;

export interface LogRecoveryOptions {
  readonly log: Pick<Log, "recover" | "state">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Called when the log stores records again, before anything else is appended. @default does nothing */
  readonly onRecovered?: (() => Promise<unknown>) | undefined;
}

/** Makes a log ready again after a failure, as often as it takes. */
export class LogRecovery {
  readonly #options: LogRecoveryOptions;
  readonly #onReady: () => void;
  readonly #warn: LimitedLog;
  #isUnderWay = false;
  #inARow = 0;
  #endedMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  /** @param onReady called each time the log is ready again */
  constructor(options: LogRecoveryOptions, onReady: () => void) {
    this.#options = options;
    this.#onReady = onReady;
    this.#warn = limitedLog({ ...options, periodMs: linePeriodMs });
  }

  /** Begins, unless a recovery is under way. */
  begin(error: unknown): void {
    if (this.#isUnderWay || this.#isClosed) return;
    this.#isUnderWay = true;
    this.#options.metrics.count("journal_failures_total");
    this.#warn(this.#fieldsOf(error), "the journal could not store publications; trying again");
    void this.#run();
  }

  close(): void {
    this.#isClosed = true;
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const pause = (ms: number): Promise<void> => new Promise((resolve) => void clock.after(ms, resolve));
    // The log may be ready each time, and fail each time with the same record.
    this.#inARow = clock.monotonic() - this.#endedMs < retryMs ? this.#inARow + 1 : 0;
    if (this.#inARow > mostInARow) await pause(retryMs);
    for (;;) {
      const beganMs = clock.monotonic();
      if (this.#isClosed || (await this.#succeeds())) break;
      await pause(Math.max(0, beganMs + retryMs - clock.monotonic()));
    }
    this.#endedMs = clock.monotonic();
    this.#isUnderWay = false;
    if (this.#isClosed) return;
    this.#options.logger.info({}, "the journal stores publications again");
    this.#onReady();
  }

  async #succeeds(): Promise<boolean> {
    try {
      await this.#options.log.recover();
      await this.#options.onRecovered?.();
      return true;
    } catch (error) {
      this.#warn(this.#fieldsOf(error), "the journal still stores nothing; trying again");
      return false;
    }
  }

  #fieldsOf(error: unknown): { readonly error: unknown; readonly state: string } {
    return { error, state: this.#options.log.state };
  }
}
