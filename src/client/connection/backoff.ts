import { maxTimerMs } from "../transports/timer.js";

/** The reconnection time, in milliseconds, until the stream sets one with `retry:`. */
const defaultReconnectMs = 2000;

/** The minimum reconnection time, in milliseconds. With `retry: 0`, clients would flood a server that is down. */
const minReconnectMs = 100;

/** The maximum reconnection time, in milliseconds, unless the stream itself sets a longer time. */
const maxReconnectMs = 30_000;

/**
 * Draws a random wait before the next attempt, in milliseconds. The upper bound is half of the time that the client has
 * been without a stream, at least the reconnection time and at most 30 s. So a client is without a stream at most half
 * as long again as the server was. The lower bound is a tenth of the reconnection time. The function draws from the
 * whole range ("full jitter"), because all clients of a restarted server disconnect at the same moment.
 */
export function reconnectDelayMs(options: {
  /** The value of `retry:`; undefined before the stream has sent one. */
  readonly reconnectionMs: number | undefined;
  /** The time since the last stream ended, or since the first attempt. */
  readonly awayMs: number;
  /** A random number from 0 up to, but not including, 1. */
  readonly random: number;
}): number {
  const base = Math.min(maxTimerMs, Math.max(minReconnectMs, options.reconnectionMs ?? defaultReconnectMs));
  const span = Math.max(base, Math.min(maxReconnectMs, options.awayMs / 2));
  return base / 10 + options.random * (span - base / 10);
}
