import type { Entry } from "./entry.js";
import type { Offset } from "./position.js";

/** Entries, or what else has an offset, in its order: appended at the back, taken from the front, found by offset. */
export class EntryQueue<E extends Pick<Entry, "offset"> = Entry> {
  #entries: (E | undefined)[] = [];
  #front = 0;

  get length(): number {
    return this.#entries.length - this.#front;
  }

  get first(): E | undefined {
    return this.#entries[this.#front];
  }

  get last(): E | undefined {
    return this.#entries[this.#entries.length - 1];
  }

  push(entry: E): void {
    this.#entries.push(entry);
  }

  shift(): E | undefined {
    const entry = this.#entries[this.#front];
    if (entry === undefined) return undefined;
    this.#entries[this.#front] = undefined;
    this.#front += 1;
    if (
      this.#front === this.#entries.length ||
      (this.#front > 1024 && this.#front * 2 > this.#entries.length)
    ) {
      this.#entries = this.#entries.slice(this.#front);
      this.#front = 0;
    }
    return entry;
  }

  /** Keeps only the entries for which `keep` is true, in order. */
  retainOnly(keep: (entry: E) => boolean): void {
    this.#entries = this.#entries.slice(this.#front).filter((entry) => entry !== undefined && keep(entry));
    this.#front = 0;
  }

  /** The entry at `index` counted from the front. */
  at(index: number): E | undefined {
    return this.#entries[this.#front + index];
  }

  /** The index of the first entry after this offset; the length when there is none. */
  indexAfter(offset: Offset): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const entry = this.at(middle);
      if (entry !== undefined && entry.offset <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
