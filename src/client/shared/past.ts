import type { Arrival } from "../item.js";

/** What a worker remembers for tabs that are behind: a moment's worth at the highest rates, minutes of most streams. */
const limits = Object.freeze({ arrivals: 1000, characters: 4 * 1024 * 1024 });

/** The last arrivals of a stream, each with a number that counts up. */
export class Past {
  #arrivals: Arrival[] = [];
  #first = 0;
  #characters = 0;
  /** Where the stream stood before the first of them. */
  #before: string;

  constructor(lastEventId: string) {
    this.#before = lastEventId;
  }

  /** The number that comes next. */
  get end(): number {
    return this.#first + this.#arrivals.length;
  }

  add(arrival: Arrival): void {
    this.#arrivals.push(arrival);
    this.#characters += sizeOf(arrival);
    while (this.#arrivals.length > limits.arrivals || this.#characters > limits.characters) this.#forget();
  }

  /** The arrival of a number; undefined when it is forgotten, or has not come. */
  at(number: number): Arrival | undefined {
    return this.#arrivals[number - this.#first];
  }

  /** True when nothing from this number on is forgotten. */
  holdsFrom(number: number): boolean {
    return number >= this.#first;
  }

  /** The number of what comes behind a cursor; undefined when nobody stood there. The last time it was reached counts. */
  behind(cursor: string): number | undefined {
    for (let number = this.end; number > this.#first; number -= 1)
      if (this.at(number - 1)?.cursor === cursor) return number;
    return this.#before === cursor ? this.#first : undefined;
  }

  #forget(): void {
    const oldest = this.#arrivals.shift();
    if (oldest === undefined) return;
    this.#first += 1;
    this.#characters -= sizeOf(oldest);
    this.#before = oldest.cursor;
  }
}

function sizeOf({ item }: Arrival): number {
  return item?.kind === "event" ? item.data.length + 100 : 100;
}
