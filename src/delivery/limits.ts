import { declaredDeliveryLimits, heartbeatSeconds } from "../limits/delivery.js";

const { roundBytes, roundWaitMs, stallSeconds } = declaredDeliveryLimits;

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

export const defaultFanoutLimits: FanoutLimits = Object.freeze({
  roundBytes: roundBytes.default,
  roundWaitMs: roundWaitMs.default,
  roundWaitFloorMs: 5,
  heartbeatMs: heartbeatSeconds.default * 1000,
  stallMs: stallSeconds.default * 1000,
  // 64 pages of 256 KiB: as many groups of readers at different positions.
  pageCacheBytes: 16 * 1024 * 1024,
});
