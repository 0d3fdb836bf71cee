/** Length of a publication's data where nothing else is said, in bytes. */
export const payloadBytes = 200;

/** The monotonic clock of this machine in microseconds: the one that the load generator compares with. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** `~SEQUENCE MICROSECONDS STREAM~` and padding. No character needs escaping in JSON, HTTP or an event stream. */
export function encodePayload(publication: {
  readonly sequence: number;
  readonly sentUs: number;
  readonly stream: number;
  /** At least the 40 that the numbers need. @default payloadBytes */
  readonly bytes?: number;
}): string {
  const { sequence, sentUs, stream, bytes = payloadBytes } = publication;
  return `~${sequence} ${sentUs} ${stream}~`.padEnd(bytes, ".");
}
