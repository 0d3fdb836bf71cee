import type { Config } from "../config/config.js";
import { defaultFanoutLimits } from "../delivery/limits.js";
import type { FanoutLimits } from "../delivery/limits.js";

/** The settings for the delivery of a front whose rounds have at most `roundBytes` bytes. */
export function fanoutLimits({ limits, heartbeatSeconds }: Config, roundBytes: number): FanoutLimits {
  return {
    ...defaultFanoutLimits,
    roundBytes,
    roundWaitMs: limits.roundWaitMs,
    heartbeatMs: heartbeatSeconds * 1000,
    stallMs: limits.stallSeconds * 1000,
  };
}
