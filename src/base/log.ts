import type { Clock } from "./clock.js";

export type LogFields = Readonly<Record<string, unknown>>;

/** From the most to the least that is written. */
export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Where log lines go. Logging never changes control flow and never throws. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** A logger that says nothing, for tests and for use as a library. */
export const silentLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
});

/** Takes the fields and text of one line; see {@link limitedLog}. */
export type LimitedLog = (fields: LogFields, message: string) => void;

/**
 * Limits the rate of one kind of warning, so that a flood of bad input does not become a flood of lines.
 * The first line of a period is written at once; the others are counted, and the count is a field
 * (`suppressed`) of the next line that is written.
 */
export function limitedLog(options: {
  readonly logger: Logger;
  readonly clock: Clock;
  /** The shortest time between two lines, in milliseconds. */
  readonly periodMs: number;
}): LimitedLog {
  let nextAt = Number.NEGATIVE_INFINITY;
  let suppressed = 0;
  return (fields, message) => {
    const now = options.clock.monotonic();
    if (now < nextAt) {
      suppressed += 1;
      return;
    }
    nextAt = now + options.periodMs;
    options.logger.warn(suppressed === 0 ? fields : { ...fields, suppressed }, message);
    suppressed = 0;
  };
}
