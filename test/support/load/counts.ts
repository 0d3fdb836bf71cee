/** What the clients of a group have met, added up. */
export interface Counts {
  /** Clients that were asked for. */
  clients: number;
  /** Streams that are open now: a good head has come, the connection stands. */
  open: number;
  /** Good heads received; with reconnecting clients more than `clients`. */
  opened: number;
  /** Clients that left by themselves or because they were told to. */
  left: number;
  /** Connections that ended without the client's doing. */
  closed: number;
  /** Connections begun again after one that ended. */
  reconnects: number;
  /** Connections that could not be made. */
  unreachable: number;
  /** Answers that are no event stream: another status, type or coding. */
  refused: number;
  /** Events of the expected streams. */
  events: number;
  /** Bytes of the body, comments included. */
  bytes: number;
  /** Numbers left out without a word. A late one is taken off again. */
  missed: number;
  /** Numbers left out behind a gap event. */
  missedTold: number;
  /** Numbers that came again without a word. */
  duplicates: number;
  /** Times that a stream went back to an earlier number behind a gap event. */
  rewindsTold: number;
  /** Numbers that came after a higher one, for the first time. */
  late: number;
  /** Gap events. */
  gaps: number;
  /** Comments, heartbeats among them. */
  comments: number;
  /** Events of a type of their own without a payload of ours, such as a beacon's; see the group's `others`. */
  others: number;
  /** Lines, payloads or heads that do not belong into these streams: foreign, torn or damaged. */
  foreign: number;
  /** Clients that met any of these. */
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
    missedTold: 0,
    duplicates: 0,
    rewindsTold: 0,
    late: 0,
    gaps: 0,
    comments: 0,
    others: 0,
    foreign: 0,
    foreignClients: 0,
  };
}

/** The counts that stay 0 when every client got everything once and in order, with no exception at all. */
export const faults = [
  "closed",
  "unreachable",
  "refused",
  "missed",
  "missedTold",
  "duplicates",
  "rewindsTold",
  "late",
  "gaps",
  "others",
  "foreign",
] as const satisfies readonly CountName[];

/** The faults that were met, as `name: count`; an empty object is a clean run. */
export function faultsOf(
  counts: Readonly<Counts>,
  allowed: readonly CountName[] = [],
): Partial<Record<CountName, number>> {
  const met = faults.filter((name) => counts[name] !== 0 && !allowed.includes(name));
  return Object.fromEntries(met.map((name) => [name, counts[name]]));
}

/** Keeps the first few texts of a kind, so that a failed run shows what was met without holding all of it. */
export class Samples {
  readonly #texts: string[] = [];

  get texts(): readonly string[] {
    return [...this.#texts];
  }

  add(text: string): void {
    if (this.#texts.length < 5) this.#texts.push(text.slice(0, 400));
  }
}
