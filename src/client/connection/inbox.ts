import type { LiveItem } from "../messages/item.js";

/**
 * The maximum number of items that wait for the program. If this number of items wait, the library stops reading, and
 * further events stay in the hub's history. The limit is larger than a few network chunks, so that reading continues
 * while the program handles one chunk.
 */
export const maxWaitingItems = 256;

interface Slot {
  readonly item: LiveItem;
  /** True if the item was sent to listeners, but not yet to a loop. */
  readonly isSent: boolean;
  cursor: string;
}

type TakeResult = IteratorResult<LiveItem, undefined>;

/** A bounded queue of items that the program has not consumed. Each item is delivered to one consumer, in order. */
export class Inbox {
  readonly #onConsumed: (cursor: string) => void;
  #slots: Slot[] = [];
  readonly #waiting: (() => void)[] = [];
  #onRoom: (() => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  /** @param onConsumed receives the id to resume from, each time an item is consumed */
  constructor(onConsumed: (cursor: string) => void) {
    this.#onConsumed = onConsumed;
  }

  /** Adds an item. If the method returns a promise, the queue is full: wait for the promise before the next call. */
  put(slot: Slot): Promise<void> | undefined {
    if (this.#end !== undefined) return undefined;
    this.#slots.push(slot);
    this.wake();
    if (this.#slots.length < maxWaitingItems) return undefined;
    return new Promise((resolve) => (this.#onRoom = resolve));
  }

  /**
   * Moves the cursor without an item. The program has consumed the new cursor as soon as it has consumed the previous
   * item.
   */
  mark(cursor: string): void {
    const last = this.#slots.at(-1);
    if (last === undefined) this.#onConsumed(cursor);
    else last.cursor = cursor;
  }

  /**
   * Waits for the next item. Returns `done` after the end, or if the consumer has left.
   *
   * @throws the error that ended the connection
   */
  async take(hasLeft: () => boolean): Promise<TakeResult> {
    for (;;) {
      if (hasLeft()) return { done: true, value: undefined };
      const slot = this.#slots.shift();
      if (slot !== undefined) {
        this.#onConsumed(slot.cursor);
        if (this.#slots.length < maxWaitingItems / 2) this.#makeRoom();
        return { done: false, value: slot.item };
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /**
   * Empties the queue and passes its items to `each`, in order. Skips items that listeners have already received, and
   * all items before them.
   */
  drain(each: (item: LiveItem) => void): void {
    const slots = this.#slots.splice(0);
    const lastSent = slots.findLastIndex(({ isSent }) => isSent);
    for (const [index, { item, cursor }] of slots.entries()) {
      if (index > lastSent) each(item);
      this.#onConsumed(cursor);
    }
    this.#makeRoom();
  }

  /**
   * Ends the queue. With an error, the program can still read the waiting items. Without an error, the items are
   * discarded.
   */
  end(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (error === undefined) this.#slots = [];
    this.#makeRoom();
    this.wake();
  }

  /** Wakes all waiting consumers, in the order in which they began to wait. */
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #makeRoom(): void {
    this.#onRoom?.();
    this.#onRoom = undefined;
  }
}
