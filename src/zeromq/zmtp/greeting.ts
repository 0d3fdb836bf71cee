/** The length of a greeting [ZMTP 3.1, Greeting]. */
export const greetingBytes = 64;

const mechanism = Buffer.from("NULL".padEnd(20, "\0"), "latin1");
const mechanismAt = 12;

/** The greeting of the hub: version 3.1, no security. */
export const greeting: Buffer = Buffer.concat([
  Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]),
  mechanism,
  Buffer.alloc(greetingBytes - mechanismAt - mechanism.length),
]);

/**
 * True if `bytes` begin a greeting of version 3 or later without security. The argument may be a part of a greeting, so
 * that the hub disconnects other programs, such as browsers, at their first byte.
 */
export function beginsGreeting(bytes: Buffer): boolean {
  const [first = 0xff] = bytes;
  const { 9: last = 0x7f, 10: version = 3 } = bytes;
  if (first !== 0xff || last !== 0x7f || version < 3) return false;
  const named = bytes.subarray(mechanismAt, mechanismAt + mechanism.length);
  return named.equals(mechanism.subarray(0, named.length));
}
