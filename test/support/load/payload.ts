/**
 * The payload of every publication under load, one line of ASCII: `SEQUENCE SENT_US STREAM LENGTH padding`.
 * SEQUENCE counts up by one per stream; SENT_US is {@link monotonicUs} of the publisher; STREAM tells streams apart,
 * so that bytes of another one are seen; LENGTH is that of the whole payload, so that lost or inserted bytes are seen.
 */
export interface Payload {
  readonly stream: string;
  readonly sequence: number;
  readonly sentUs: number;
  /** Length of the whole payload; raised to what the numbers need. */
  readonly bytes: number;
}

/** The stream of publishers and crowds that name none. */
export const defaultStream = "load";

/**
 * Microseconds of the machine's monotonic clock. All processes of one machine share it, so differences between two
 * processes are true to the microsecond, and a jump of the wall clock does no harm.
 */
export function monotonicUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1000);
}

/** Writes a payload; a stream is a word of letters, digits, `-`, `.` and `/`. */
export function encodePayload(payload: Payload): string {
  const start = `${payload.sequence} ${payload.sentUs} ${payload.stream} `;
  const shortest = start.length + 7;
  const bytes = Math.max(payload.bytes, shortest);
  const head = `${start}${bytes} `;
  return head + padding(bytes - head.length);
}

/** Reads a payload back; `undefined` when it is none. For tests that look at single events; crowds have their own reader. */
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
