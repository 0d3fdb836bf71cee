import type { Clock } from "../../base/clock.js";
import { PharosError } from "../../base/errors.js";
import { limitedLog, type LimitedLog, type Logger } from "../../base/log.js";
import type { Metrics } from "../../base/metrics.js";
import type { Sequence } from "../log/log.js";

/** The most log lines in a period of 10 seconds. A program that floods the subject causes no flood of lines. */
const lines = 10;
const linePeriodMs = 10_000;

/**
 * The messages of a log that are no records. Other programs may write to an engine, too. Every hub skips such a message:
 * no hub has ever delivered anything of it, so nothing is lost.
 */
export class ForeignMessages {
  readonly #metrics: Metrics;
  readonly #warn: LimitedLog;

  constructor(options: { readonly clock: Clock; readonly logger: Logger; readonly metrics: Metrics }) {
    this.#metrics = options.metrics;
    this.#warn = limitedLog({ ...options, periodMs: linePeriodMs, lines });
  }

  /**
   * The result of `decode`; undefined if the message is no record, which this logs and counts.
   *
   * @throws PharosError `newer-format` for a record of a newer version
   */
  unlessForeign<T>(sequence: Sequence, decode: () => T): T | undefined {
    try {
      return decode();
    } catch (error) {
      if (!(error instanceof PharosError && error.code === "bad-record")) throw error;
      this.#metrics.count("journal_foreign_messages_total");
      this.#warn(
        { sequence, reason: error.message },
        "the journal has a message of another program; skipped",
      );
      return undefined;
    }
  }
}
