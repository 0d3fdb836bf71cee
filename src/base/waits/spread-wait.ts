/** The longest addition to a wait, as a share of the wait. */
const spreadShare = 0.5;

/**
 * The wait of one client before it tries again, as a whole number: `wait` plus a random addition of up to half of it, rounded
 * up. All clients of a hub that restarts lose their connections at the same moment, and must not all return at the same moment.
 *
 * @param random from 0 up to, but not including, 1
 */
export function spreadWait(wait: number, random = Math.random()): number {
  return wait + Math.floor(random * (Math.ceil(wait * spreadShare) + 1));
}
