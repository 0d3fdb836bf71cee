/** The longest delay of a timer, in milliseconds [HTML 8.6: a 32-bit number]. With a longer delay, it fires at once. */
export const maxTimerMs = 2 ** 31 - 1;

/** Calls `then` after the delay, or after 24 days if the delay is longer. Returns a function that stops the timer. */
export function startTimer(delayMs: number, then: () => void): () => void {
  const timer = setTimeout(then, Math.min(maxTimerMs, delayMs));
  return () => clearTimeout(timer);
}
