import type { Clock } from "../base/clock.js";
import type { Fanout } from "./fanout.js";

/** The longest time for streams to close in order, in milliseconds. Then the hub closes them at once. */
const closeWithinMs = 2000;

/**
 * Ends every stream in order, so that clients reconnect elsewhere, and closes the rest at once after a deadline.
 * Resolves when none is open and the fan-out has stopped.
 */
export async function closeStreams<H>(fanout: Fanout<H>, clock: Clock): Promise<void> {
  fanout.endAll();
  const late = clock.after(closeWithinMs, () => fanout.cutAll());
  await fanout.whenEmpty();
  late.cancel();
  fanout.close();
}
