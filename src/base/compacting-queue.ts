/** Up to this number of empty slots, the queue never copies the array. */
const mostTakenSlots = 1024;

/**
 * A queue in one array. A removal moves no other items. When most slots are empty, the queue copies the array without
 * the empty slots.
 */
export class CompactingQueue<T> {
  #items: (T | undefined)[] = [];
  #front = 0;

  get length(): number {
    return this.#items.length - this.#front;
  }

  get first(): T | undefined {
    return this.#items[this.#front];
  }

  get last(): T | undefined {
    return this.#items[this.#items.length - 1];
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    const item = this.#items[this.#front];
    if (item !== undefined) this.drop(1);
    return item;
  }

  /** Removes the first `count` items. */
  drop(count: number): void {
    const front = this.#front + count;
    if (front >= this.#items.length) {
      this.clear();
      return;
    }
    // Clears the slots, because an item in a slot stays in memory.
    for (let index = this.#front; index < front; index += 1) this.#items[index] = undefined;
    this.#front = front;
    if (front > mostTakenSlots && front * 2 > this.#items.length) {
      this.#items = this.#items.slice(front);
      this.#front = 0;
    }
  }

  clear(): void {
    this.#items = [];
    this.#front = 0;
  }

  /** Keeps only the items for which `keep` is true, in order. */
  retainOnly(keep: (item: T) => boolean): void {
    this.#items = this.#items.slice(this.#front).filter((item) => item !== undefined && keep(item));
    this.#front = 0;
  }

  /** All items, from the front. */
  *all(): Generator<T, void> {
    for (let index = 0; index < this.length; index += 1) {
      const item = this.at(index);
      if (item !== undefined) yield item;
    }
  }

  /** The item at `index`, counted from the front. */
  at(index: number): T | undefined {
    return this.#items[this.#front + index];
  }
}
