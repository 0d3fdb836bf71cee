import { CompactingQueue } from "../../../base/compacting-queue.js";
import { publicationsPerRecord } from "../../log/record.js";
import type { PendingItem } from "./pending-item.js";

/** The items that are in no record yet, the oldest first. */
export class WaitingItems {
  readonly #items = new CompactingQueue<PendingItem>();

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** The time since which the oldest item waits, in milliseconds; undefined if there is none. */
  get sinceMs(): number | undefined {
    return this.#items.first?.sinceMs;
  }

  push(item: PendingItem): void {
    this.#items.push(item);
  }

  /** Puts items in front of all others, in this order. */
  putFirst(items: readonly PendingItem[]): void {
    const later = [...this];
    this.#items.clear();
    for (const item of [...items, ...later]) this.#items.push(item);
  }

  /** Takes the next items for a record: as many as fit into `mostBytes`, but at least one. */
  takeRecord(mostBytes: number): readonly PendingItem[] {
    const items: PendingItem[] = [];
    let bytes = 0;
    let publications = 0;
    for (let next = this.#items.first; next !== undefined; next = this.#items.first) {
      bytes += next.encoded.length;
      publications += next.publications;
      const isFull = bytes > mostBytes || publications > publicationsPerRecord;
      if (items.length > 0 && isFull) break;
      items.push(next);
      this.#items.drop(1);
    }
    return items;
  }

  *[Symbol.iterator](): Iterator<PendingItem> {
    for (let index = 0; index < this.#items.length; index += 1) {
      const item = this.#items.at(index);
      if (item !== undefined) yield item;
    }
  }
}
