import type { Clock } from "../base/clock.js";
import type { Fanout } from "./fanout.js";

/**
 * The time limit for closing streams gracefully, in milliseconds. After this time, the hub closes the remaining
 * streams at once.
 */
const closeWithinMs = 2000;

/**
 * Closes every stream gracefully, so that clients reconnect elsewhere. After a deadline, closes the remaining streams
 * at once. Resolves when no stream is open and the fan-out has stopped.
 */
export async function closeStreams<H>(fanout: Fanout<H>, clock: Clock): Promise<void> {
  fanout.endAll();
  const late = clock.after(closeWithinMs, () => fanout.cutAll());
  await fanout.whenEmpty();
  late.cancel();
  fanout.close();
}
