import type { Clock } from "../base/clock.js";
import type { Fanout } from "./fanout.js";

/** How long streams may take to close in order before they are closed as they are, in milliseconds. */
const closeWithinMs = 2000;

/**
 * Ends every stream in order, so that clients reconnect elsewhere; those that take too long over it are cut. Resolves
 * when none is open and the fan-out has stopped.
 */
export async function closeStreams<H>(fanout: Fanout<H>, clock: Clock): Promise<void> {
  fanout.endAll();
  const late = clock.after(closeWithinMs, () => fanout.cutAll());
  await fanout.whenEmpty();
  late.cancel();
  fanout.close();
}
