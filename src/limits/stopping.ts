import type { NumberSetting } from "./limit.js";

/** Seconds for which a hub that stops still serves, so that load balancers notice that it is not ready. */
export const drainSeconds: NumberSetting = { default: 0, from: 0, to: 3600 };

/** Seconds over which a hub that stops ends its streams. */
export const closeOverSeconds: NumberSetting = { default: 5, from: 0, to: 3600 };
