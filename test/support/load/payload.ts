/**
 * The payload of every publication in load tests, one line of ASCII: `SEQUENCE SENT_US STREAM LENGTH padding`. SEQUENCE
 * counts up by one per stream. SENT_US is the publisher's {@link monotonicUs}. STREAM reveals bytes of another stream.
 * LENGTH is the length of the whole payload. LENGTH reveals lost and inserted bytes.
 */
export interface Payload {
  readonly stream: string;
  readonly sequence: number;
  readonly sentUs: number;
  /** Length of the whole payload. If the numbers need more space, the payload is longer. */
  readonly bytes: number;
}

/** The stream of publishers and groups that name no stream. */
export const defaultStream = "load";

/**
 * The machine's monotonic clock in microseconds. All processes share this clock, so differences between two processes
 * are exact. Changes of the wall clock do not matter.
 */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}

/** Writes a payload. A stream's name has letters, digits, `-`, `.` and `/`. */
export function encodePayload(payload: Payload): string {
  const start = `${payload.sequence} ${payload.sentUs} ${payload.stream} `;
  const shortest = start.length + 7;
  const bytes = Math.max(payload.bytes, shortest);
  const head = `${start}${bytes} `;
  return head + padding(bytes - head.length);
}

/**
 * Parses a payload. Returns `undefined` if the payload is invalid. For tests of single events; groups have a faster
 * parser.
 */
export function parsePayload(text: string): Payload | undefined {
  const match = /^(\d+) (\d+) ([\w./-]+) (\d+) x*$/.exec(text);
  if (match === null || Number(match[4]) !== text.length) return undefined;
  return {
    sequence: Number(match[1]),
    sentUs: Number(match[2]),
    stream: match[3] ?? "",
    bytes: text.length,
  };
}

const paddings = new Map<number, string>();

function padding(length: number): string {
  let text = paddings.get(length);
  if (text === undefined) {
    text = "x".repeat(length);
    paddings.set(length, text);
  }
  return text;
}
