import type { Arrival } from "../messages/item.js";

/** What a worker remembers for tabs that are behind: a moment's worth at the highest rates, minutes of most streams. */
const limits = Object.freeze({ arrivals: 1000, characters: 4 * 1024 * 1024 });

/** An arrival, and how many characters had been counted before it. */
interface Remembered {
  readonly arrival: Arrival;
  readonly counted: number;
}

/** The last arrivals of a stream, each with a number that counts up. */
export class ReplayBuffer {
  readonly #remembered: Remembered[] = [];
  #first = 0;
  #counted = 0;
  /** Where the stream stood before the first of them. */
  #before: string;

  constructor(lastEventId: string) {
    this.#before = lastEventId;
  }

  /** The number that comes next. */
  get end(): number {
    return this.#first + this.#remembered.length;
  }

  add(arrival: Arrival): void {
    this.#remembered.push({ arrival, counted: this.#counted });
    this.#counted += sizeOf(arrival);
    while (this.#remembered.length > limits.arrivals || this.#charactersFrom(this.#first) > limits.characters)
      this.#forget();
  }

  /** The arrival of a number; undefined when it is forgotten, or has not come. */
  at(number: number): Arrival | undefined {
    return this.#remembered[number - this.#first]?.arrival;
  }

  /** True when nothing from this number on is forgotten. */
  holdsFrom(number: number): boolean {
    return number >= this.#first;
  }

  /** True when what is remembered has gone half the way to forgetting this number. */
  isHalfForgotten(number: number): boolean {
    return this.end - number > limits.arrivals / 2 || this.#charactersFrom(number) > limits.characters / 2;
  }

  /** The number of what comes behind a cursor; undefined when nobody stood there. The last time it was reached counts. */
  behind(cursor: string): number | undefined {
    for (let number = this.end; number > this.#first; number -= 1)
      if (this.at(number - 1)?.cursor === cursor) return number;
    return this.#before === cursor ? this.#first : undefined;
  }

  #charactersFrom(number: number): number {
    return this.#counted - (this.#remembered[number - this.#first]?.counted ?? this.#counted);
  }

  #forget(): void {
    const oldest = this.#remembered.shift();
    if (oldest === undefined) return;
    this.#first += 1;
    this.#before = oldest.arrival.cursor;
  }
}

function sizeOf({ item }: Arrival): number {
  return item?.kind === "event" ? item.data.length + 100 : 100;
}
