import { declaredDeliveryLimits, heartbeatSeconds } from "../limits/delivery.js";

const { roundBytes, roundWaitMs, stallSeconds } = declaredDeliveryLimits;

/** Limits on slow clients. */
export interface FanoutLimits {
  /** The largest size of a page and of a round's body, in bytes; one event may be larger. */
  readonly roundBytes: number;
  /** The longest time that a round waits for its members, in milliseconds. */
  readonly roundWaitMs: number;
  /** The shortest time that a round waits, in milliseconds: a healthy client may pause for a moment. */
  readonly roundWaitFloorMs: number;
  /** A quiet stream gets a heartbeat after this, in milliseconds. */
  readonly heartbeatMs: number;
  /** A connection that takes no bytes for this long is cut, in milliseconds. */
  readonly stallMs: number;
  /** The memory for pages that readers share, in bytes. */
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
