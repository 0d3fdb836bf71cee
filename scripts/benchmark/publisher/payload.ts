/** Default length of a publication's data, in bytes. */
export const payloadBytes = 200;

/** The machine's monotonic clock in microseconds. The load generator reads the same clock. */
export function monotonicUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

/** `~SEQUENCE MICROSECONDS STREAM~` and padding. No character needs escaping in JSON, HTTP or an event stream. */
export function encodePayload(publication: {
  readonly sequence: number;
  readonly sentUs: number;
  readonly stream: number;
  /** Length of the payload, at least 40 bytes: the numbers in the payload need this length. @default payloadBytes */
  readonly bytes?: number;
}): string {
  const { sequence, sentUs, stream, bytes = payloadBytes } = publication;
  return `~${sequence} ${sentUs} ${stream}~`.padEnd(bytes, ".");
}
