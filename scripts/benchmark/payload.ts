/** Length of every publication's data, in bytes. */
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
}): string {
  const { sequence, sentUs, stream } = publication;
  return `~${sequence} ${sentUs} ${stream}~`.padEnd(payloadBytes, ".");
}
