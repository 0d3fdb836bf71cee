/**
 * A random value from `longest` less the `share`, up to `longest`. Clients that wait for different times do not return all
 * at the same moment.
 */
export function jittered(longest: number, share: number): number {
  return longest * (1 - share * Math.random());
}
