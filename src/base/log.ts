import type { Clock } from "./clock.js";

export type LogFields = Readonly<Record<string, unknown>>;

/** The log levels, from the most verbose to the least verbose. */
export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Receives log lines. Logging never changes control flow and never throws. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A logger whose level can change. */
export interface LeveledLogger extends Logger {
  level: string;
}

/** A logger that writes nothing, for tests and for use as a library. */
export const silentLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});

/** Writes one line; see {@link limitedLog}. */
export type LimitedLog = (fields: LogFields, message: string) => void;

export interface LimitedLogOptions {
  readonly logger: Logger;
  readonly clock: Clock;
  /**
   * The length of a period in milliseconds. A period begins with the first line after the end of the previous period.
   */
  readonly periodMs: number;
  /** The number of lines that are written in each period. @default 1 */
  readonly lines?: number;
  /** @default "warn" */
  readonly level?: "info" | "warn";
  /**
   * The treatment of further lines in the period.
   * - `count`: the log counts the further lines. The next line that the log writes has the count in its field
   *   `suppressed`.
   * - `debug`: the log writes the further lines at the level `debug`.
   * @default "count"
   */
  readonly further?: "count" | "debug";
}

/** Limits the rate of one kind of log line, so that a flood of invalid input does not cause a flood of log lines. */
export function limitedLog(options: LimitedLogOptions): LimitedLog {
  const { logger, clock, periodMs, lines = 1, level = "warn", further = "count" } = options;
  let endsAtMs = Number.NEGATIVE_INFINITY;
  let written = 0;
  let suppressed = 0;
  return (fields, message) => {
    const nowMs = clock.monotonic();
    if (nowMs >= endsAtMs) {
      endsAtMs = nowMs + periodMs;
      written = 0;
    }
    if (written >= lines) {
      if (further === "debug") logger.debug(fields, message);
      else suppressed += 1;
      return;
    }
    written += 1;
    logger[level](suppressed === 0 ? fields : { ...fields, suppressed }, message);
    suppressed = 0;
  };
}
