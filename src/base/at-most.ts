import type { Clock, Timer } from "./clock.js";

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
