/** Counts over all clients of a group. */
export interface Counts {
  /** Clients that the test requested. */
  clients: number;
  /** Streams that are open now. */
  open: number;
  /** Successful response heads; more than `clients` if clients reconnect. */
  opened: number;
  /** Clients that left, by their settings or at the test's request. */
  left: number;
  /** Connections that the other side ended. */
  closed: number;
  /** Reconnections. */
  reconnects: number;
  /** Failed connections. */
  unreachable: number;
  /** Responses that are not event streams: another status, content type or encoding. */
  refused: number;
  /** Events of expected streams. */
  events: number;
  /** Bytes of the bodies, with comments. */
  bytes: number;
  /** Skipped numbers without a gap event, minus the numbers that arrived late. */
  missed: number;
  /** Skipped numbers after a gap event. */
  missedReported: number;
  /** Repeated numbers without a gap event. */
  duplicates: number;
  /** Returns to an earlier number after a gap event. */
  rewindsReported: number;
  /** Skipped numbers that arrived after a higher number. */
  late: number;
  /** Gap events. */
  gaps: number;
  /** Comments, with heartbeats. */
  comments: number;
  /** Events of another type without a load payload, such as the events of a beacon; see the group's `others`. */
  others: number;
  /** Lines, payloads and response heads that belong to other streams or are damaged. */
  foreign: number;
  /** Clients that received any foreign data. */
  foreignClients: number;
}

export type CountName = keyof Counts;

export function noCounts(): Counts {
  return {
    clients: 0,
    open: 0,
    opened: 0,
    left: 0,
    closed: 0,
    reconnects: 0,
    unreachable: 0,
    refused: 0,
    events: 0,
    bytes: 0,
    missed: 0,
    missedReported: 0,
    duplicates: 0,
    rewindsReported: 0,
    late: 0,
    gaps: 0,
    comments: 0,
    others: 0,
    foreign: 0,
    foreignClients: 0,
  };
}

/** The counts that are 0 if every client received everything once and in order. */
export const faults = [
  "closed",
  "unreachable",
  "refused",
  "missed",
  "missedReported",
  "duplicates",
  "rewindsReported",
  "late",
  "gaps",
  "others",
  "foreign",
] as const satisfies readonly CountName[];

/** The faults as `name: count`; `{}` if there are none. */
export function faultsOf(
  counts: Readonly<Counts>,
  allowed: readonly CountName[] = [],
): Partial<Record<CountName, number>> {
  const present = faults.filter((name) => counts[name] !== 0 && !allowed.includes(name));
  return Object.fromEntries(present.map((name) => [name, counts[name]]));
}

/** Stores the first few texts of a kind, for the message of a failed run. */
export class Samples {
  readonly #texts: string[] = [];

  get texts(): readonly string[] {
    return [...this.#texts];
  }

  add(text: string): void {
    if (this.#texts.length < 5) this.#texts.push(text.slice(0, 400));
  }
}
