import type { Arrival } from "../messages/item.js";

/**
 * The maximum size of the buffer. At the highest rates the buffer contains less than a second of events; for most
 * streams it contains minutes of events.
 */
const limits = Object.freeze({ arrivals: 1000, characters: 4 * 1024 * 1024 });

/** An arrival, and the total number of characters of all earlier arrivals. */
interface BufferedArrival {
  readonly arrival: Arrival;
  readonly charactersBefore: number;
}

/** The last arrivals of a stream, for tabs that read slowly. The buffer numbers arrivals in order. */
export class ReplayBuffer {
  readonly #buffered: BufferedArrival[] = [];
  #first = 0;
  #totalCharacters = 0;
  /** The cursor of the stream before the first buffered arrival. */
  #cursorBefore: string;

  constructor(lastEventId: string) {
    this.#cursorBefore = lastEventId;
  }

  /** The number of the next arrival. */
  get end(): number {
    return this.#first + this.#buffered.length;
  }

  /** The cursor of the last arrival. */
  get cursor(): string {
    return this.#buffered.at(-1)?.arrival.cursor ?? this.#cursorBefore;
  }

  add(arrival: Arrival): void {
    this.#buffered.push({ arrival, charactersBefore: this.#totalCharacters });
    this.#totalCharacters += sizeOf(arrival);
    while (this.#buffered.length > limits.arrivals || this.#charactersFrom(this.#first) > limits.characters)
      this.#evict();
  }

  /** The arrival with this number; undefined if the arrival was evicted, or has not arrived yet. */
  at(number: number): Arrival | undefined {
    return this.#buffered[number - this.#first]?.arrival;
  }

  /** True if the buffer has evicted neither the arrival with this number nor a later arrival. */
  holdsFrom(number: number): boolean {
    return number >= this.#first;
  }

  /** True if the arrivals from this number on fill more than half of the buffer. */
  isHalfFullFrom(number: number): boolean {
    return this.end - number > limits.arrivals / 2 || this.#charactersFrom(number) > limits.characters / 2;
  }

  /**
   * The number of the first arrival after a cursor; undefined for an unknown cursor. If several arrivals have this
   * cursor, the last of these arrivals counts.
   */
  numberAfter(cursor: string): number | undefined {
    for (let number = this.end; number > this.#first; number -= 1)
      if (this.at(number - 1)?.cursor === cursor) return number;
    return this.#cursorBefore === cursor ? this.#first : undefined;
  }

  #charactersFrom(number: number): number {
    return (
      this.#totalCharacters -
      (this.#buffered[number - this.#first]?.charactersBefore ?? this.#totalCharacters)
    );
  }

  #evict(): void {
    const oldest = this.#buffered.shift();
    if (oldest === undefined) return;
    this.#first += 1;
    this.#cursorBefore = oldest.arrival.cursor;
  }
}

function sizeOf({ item }: Arrival): number {
  return item?.kind === "event" ? item.data.length + 100 : 100;
}
