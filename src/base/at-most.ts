import type { Clock, Timer } from "./clock.js";
import { PharosError } from "./errors.js";

/** Waits for `work`, but at most `ms` milliseconds. Rejects if `work` rejects within `ms` milliseconds. */
export async function atMost(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<void>((resolve) => {
    timer = clock.after(ms, resolve);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    timer?.cancel();
  }
}

/**
 * Waits for `work`, but not after the signal aborts.
 *
 * @throws PharosError `closed` once the signal is aborted; before that, any error of `work`
 */
export async function unlessAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let abort: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(new PharosError("closed", "the hub stops"));
  });
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([aborted, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
