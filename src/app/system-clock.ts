import type { Clock, Timer } from "../base/clock.js";

/**
 * The start of `performance.now()`, which is the start of the process, on the clock that all processes of a machine
 * share. `process.hrtime()` itself needs an array for each call.
 */
const startedMs = hrtimeMs() - performance.now();

/** The machine's time. The timers do not keep the process alive, but the listeners do. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  monotonic: () => startedMs + performance.now(),
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

function hrtimeMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
