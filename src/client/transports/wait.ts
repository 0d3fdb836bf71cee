import { startTimer } from "./timer.js";

/** Waits for the delay, or until `signal` aborts. Never rejects. */
export function wait(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stopTimer();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const stopTimer = startTimer(delayMs, done);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}
