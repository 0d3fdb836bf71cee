/** How rounds treat the slow, and when a connection is given up. */
export interface FanoutLimits {
  /** A page of history and a round's body hold at most this, or one event. */
  readonly roundBytes: number;
  /** The longest that a round waits for its members, in milliseconds. */
  readonly roundWaitMs: number;
  /** The least that a round waits, so that a moment's pause of a healthy client is no reason to leave it behind. */
  readonly roundWaitFloorMs: number;
  /** A quiet stream gets a heartbeat after this, in milliseconds. */
  readonly heartbeatMs: number;
  /** A connection that takes nothing at all for this long is cut, in milliseconds. */
  readonly stallMs: number;
  /** Pages that several readers share are kept up to this many bytes. */
  readonly pageCacheBytes: number;
}

/**
 * 256 KiB in 250 ms is 1 MB/s: a client that takes less cannot hold a round up for longer than a quarter of a second.
 * 64 shared pages cover a crowd of readers at as many positions.
 */
export const defaultFanoutLimits: FanoutLimits = Object.freeze({
  roundBytes: 256 * 1024,
  roundWaitMs: 250,
  roundWaitFloorMs: 5,
  heartbeatMs: 15_000,
  stallMs: 60_000,
  pageCacheBytes: 16 * 1024 * 1024,
});
