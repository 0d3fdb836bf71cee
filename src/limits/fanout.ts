import { declaredDeliveryLimits, retryMs } from "./delivery.js";
import type { NumberSetting } from "./limit.js";

const { roundBytes, roundWaitMs, stallSeconds } = declaredDeliveryLimits;

/** Seconds without an event after which the hub sends a heartbeat on a stream. */
export const heartbeatSeconds: NumberSetting = { default: 15, from: 0.05, to: 3600 };

/** Seconds after which the hub ends a stream, so that its client reconnects; 0 for never. */
export const maxStreamAgeSeconds: NumberSetting = { default: 0, from: 0, to: 604_800 };

/** Limits on slow clients, and the interval of heartbeats. */
export interface FanoutLimits {
  /** The largest size of a page and of a round's body, in bytes; one event may be larger. */
  readonly roundBytes: number;
  /** The longest time that a round waits for its members, in milliseconds. */
  readonly roundWaitMs: number;
  /** The shortest time that a round waits, in milliseconds: a healthy client may pause for a moment. */
  readonly roundWaitFloorMs: number;
  /** The hub sends a heartbeat on a stream that was quiet for this time, in milliseconds. */
  readonly heartbeatMs: number;
  /** The hub closes a connection that accepts no bytes for this time, in milliseconds. */
  readonly stallMs: number;
  /** The hub ends a stream of this age, less a random part, in milliseconds; 0 for no such age. */
  readonly maxAgeMs: number;
  /** The shortest time after which clients reconnect, in milliseconds, which a hub that stops tells again. */
  readonly retryMs: number;
  /** The memory for pages that readers share, in bytes. */
  readonly pageCacheBytes: number;
}

export const defaultFanoutLimits: FanoutLimits = Object.freeze({
  roundBytes: roundBytes.default,
  roundWaitMs: roundWaitMs.default,
  roundWaitFloorMs: 5,
  maxAgeMs: maxStreamAgeSeconds.default * 1000,
  retryMs: retryMs.default,
  ...timesOf({ heartbeatSeconds: heartbeatSeconds.default, stallSeconds: stallSeconds.default }),
  // 64 pages of 256 KiB, for 64 groups of readers at different positions.
  pageCacheBytes: 16 * 1024 * 1024,
});

/** The settings that limit the delivery of a front. */
export interface FanoutSettings {
  readonly heartbeatSeconds: number;
  readonly maxStreamAgeSeconds: number;
  readonly retryMs: number;
  readonly limits: { readonly roundWaitMs: number; readonly stallSeconds: number };
}

/** The limits of a front whose rounds have at most `maxRoundBytes` bytes. */
export function fanoutLimits(
  { heartbeatSeconds, maxStreamAgeSeconds: maxAgeSeconds, retryMs, limits }: FanoutSettings,
  maxRoundBytes: number,
): FanoutLimits {
  return {
    ...defaultFanoutLimits,
    roundBytes: maxRoundBytes,
    roundWaitMs: limits.roundWaitMs,
    maxAgeMs: maxAgeSeconds * 1000,
    retryMs,
    ...timesOf({ heartbeatSeconds, stallSeconds: limits.stallSeconds }),
  };
}

function timesOf(settings: {
  readonly heartbeatSeconds: number;
  readonly stallSeconds: number;
}): Pick<FanoutLimits, "heartbeatMs" | "stallMs"> {
  return { heartbeatMs: settings.heartbeatSeconds * 1000, stallMs: settings.stallSeconds * 1000 };
}
