/** The reconnection time until the stream names one, in milliseconds. */
const defaultReconnectMs = 2000;

/** The least that a stream can ask for, in milliseconds: with 0 a server that is down would be asked in a tight loop. */
const minReconnectMs = 100;

/** No wait is drawn from a longer span than this, unless the stream itself asks for one, in milliseconds. */
const maxReconnectMs = 30_000;

/**
 * Draws the wait before the next attempt, in milliseconds. The span doubles with each failure in a row, from
 * the reconnection time up to 30 s. The whole span is drawn from ("full jitter"), since the clients of a
 * server that restarts all lose it at the same moment; a wait is at least a tenth of the reconnection time.
 */
export function reconnectDelayMs(options: {
  /** What the stream asked for with `retry:`; undefined before it has. */
  readonly reconnectionMs: number | undefined;
  /** Attempts in a row that brought no stream; 0 after a stream that was open. */
  readonly failures: number;
  /** A number from 0 up to, but not including, 1. */
  readonly random: number;
}): number {
  const base = Math.max(minReconnectMs, options.reconnectionMs ?? defaultReconnectMs);
  const span = Math.max(base, Math.min(maxReconnectMs, base * 2 ** options.failures));
  return base / 10 + options.random * (span - base / 10);
}
