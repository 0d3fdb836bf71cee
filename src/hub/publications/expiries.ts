import type { Entry } from "./entry.js";
import type { Offset } from "./position.js";

/** Below this number of entries, the queue keeps those that are no longer needed. */
const leastLength = 1024;

/**
 * The time at which an entry expires: its publisher's `ttl` after the journal stored it, in milliseconds since 1970.
 * `Infinity` without a `ttl`. All hubs that share a log have the same time.
 */
export function expiresAtMs({ atMs, publication }: Pick<Entry, "atMs" | "publication">): number {
  return publication.ttlSeconds === undefined ? Infinity : atMs + publication.ttlSeconds * 1000;
}

/** Entries with a `ttl`, in the order in which they expire: a binary heap. */
export class Expiries {
  readonly #isNeeded: (entry: Entry) => boolean;
  #heap: { readonly atMs: number; readonly entry: Entry }[] = [];
  /** At this length, the entries that are no longer needed are dropped. So the length is at most twice their number. */
  #mostLength = leastLength;
  #count = 0;
  #newest: Offset = 0;

  /** @param isNeeded false for an entry that its owner has removed */
  constructor(isNeeded: (entry: Entry) => boolean) {
    this.#isNeeded = isNeeded;
  }

  get length(): number {
    return this.#heap.length;
  }

  /** The number of entries that {@link takeDue} has given. */
  get count(): number {
    return this.#count;
  }

  /** The newest offset of the entries that {@link takeDue} has given since the last call of this method; 0 if none. */
  takeNewest(): Offset {
    const newest = this.#newest;
    this.#newest = 0;
    return newest;
  }

  /** Adds an entry that the owner holds. An entry without a `ttl` is ignored. */
  add(entry: Entry): void {
    const atMs = expiresAtMs(entry);
    if (atMs === Infinity) return;
    if (this.#heap.length >= this.#mostLength) this.#dropOthers();
    this.#push({ atMs, entry });
  }

  /** Removes the entries that have expired at this time. Returns those that the owner still holds. */
  takeDue(nowMs: number): readonly Entry[] {
    const due: Entry[] = [];
    for (let [first] = this.#heap; first !== undefined && first.atMs <= nowMs; [first] = this.#heap) {
      this.#removeFirst();
      if (!this.#isNeeded(first.entry)) continue;
      due.push(first.entry);
      this.#newest = Math.max(this.#newest, first.entry.offset);
    }
    this.#count += due.length;
    return due;
  }

  #dropOthers(): void {
    // A sorted list is a heap, too.
    this.#heap = this.#heap.filter(({ entry }) => this.#isNeeded(entry)).sort((a, b) => a.atMs - b.atMs);
    this.#mostLength = Math.max(leastLength, 2 * this.#heap.length);
  }

  #push(item: { readonly atMs: number; readonly entry: Entry }): void {
    let index = this.#heap.length;
    this.#heap.push(item);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = this.#heap[parent];
      if (above === undefined || above.atMs <= item.atMs) break;
      this.#heap[index] = above;
      index = parent;
    }
    this.#heap[index] = item;
  }

  #removeFirst(): void {
    const item = this.#heap.pop();
    if (item === undefined || this.#heap.length === 0) return;
    let index = 0;
    for (;;) {
      const child = this.#earlierChild(index);
      const below = this.#heap[child];
      if (below === undefined || below.atMs >= item.atMs) break;
      this.#heap[index] = below;
      index = child;
    }
    this.#heap[index] = item;
  }

  #earlierChild(index: number): number {
    const left = 2 * index + 1;
    const atLeft = this.#heap[left]?.atMs ?? Infinity;
    const atRight = this.#heap[left + 1]?.atMs ?? Infinity;
    return atRight < atLeft ? left + 1 : left;
  }
}
