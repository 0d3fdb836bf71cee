import type { Clock, Timer } from "../base/clock.js";

/** The machine's time. The timers do not keep the process alive, but the listeners do. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: (delayMs: number, action: () => void): Timer => {
    const timer = setTimeout(action, delayMs).unref();
    return { cancel: () => clearTimeout(timer) };
  },
  every: (periodMs: number, action: () => void): Timer => {
    const timer = setInterval(action, periodMs).unref();
    return { cancel: () => clearInterval(timer) };
  },
  endOfTurn: (action: () => void): void => void setImmediate(action),
});
