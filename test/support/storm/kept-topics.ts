import type { GapNotice } from "../../../src/protocol.js";

/** The last number that a client has of a topic, and whether the hub has told it of a gap since. */
interface Kept {
  last: number | undefined;
  isTold: boolean;
}

/**
 * Checks the events of one client. The publisher numbers the publications of each topic. So as long as a client follows
 * a topic, the numbers follow each other, unless a gap event comes in between.
 */
export class KeptTopics {
  readonly faults: string[] = [];
  events = 0;
  gaps = 0;
  readonly #kept = new Map<string, Kept>();

  /** The client follows these topics from now on. Topics that it followed before continue. */
  follow(topics: ReadonlySet<string>): void {
    for (const topic of this.#kept.keys()) if (!topics.has(topic)) this.#kept.delete(topic);
    for (const topic of topics)
      if (!this.#kept.has(topic)) this.#kept.set(topic, { last: undefined, isTold: false });
  }

  /** The client begins anew with these topics, at any number. */
  restart(topics: Iterable<string> = this.#kept.keys()): void {
    for (const topic of topics)
      if (this.#kept.has(topic)) this.#kept.set(topic, { last: undefined, isTold: false });
  }

  event(topic: string, number: number): void {
    const kept = this.#kept.get(topic);
    this.events += 1;
    if (kept === undefined) return this.#fault(`${topic} ${number} is of a topic that it does not follow`);
    const { last = number - 1, isTold } = kept;
    if (number <= last) this.#fault(`${topic} ${number} follows ${last}`);
    else if (number > last + 1 && !isTold) this.#fault(`${topic} ${last + 1} to ${number - 1} are missing`);
    this.#kept.set(topic, { last: number, isTold: false });
  }

  /** The topics whose last publications the client has not received. `numbers` has the last number of each topic. */
  behind(numbers: ReadonlyMap<string, number>): readonly string[] {
    return [...this.#kept].flatMap(([topic, { last }]) =>
      last === numbers.get(topic)
        ? []
        : [`${topic} ended at ${last ?? "nothing"}, not at ${numbers.get(topic) ?? 0}`],
    );
  }

  gap({ reason, topics, more }: GapNotice): void {
    this.gaps += 1;
    // The hub does not know the client's position, so the client gets everything that is stored.
    if (reason !== "evicted") return this.restart();
    const told = new Set(topics.map(({ topic }) => topic));
    for (const [topic, kept] of this.#kept) if (more || told.has(topic)) kept.isTold = true;
  }

  #fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(text);
  }
}
