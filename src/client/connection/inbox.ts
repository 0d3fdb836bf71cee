import type { LiveItem } from "../messages/item.js";

/**
 * How many items wait for the program at most before nothing more is read: a few chunks of the network's, so that reading goes on while
 * one is worked on. What is not read stays with the hub, and in its history.
 */
export const maxWaitingItems = 256;

interface Slot {
  readonly item: LiveItem;
  /** True when listeners have had it, though nobody has taken it. */
  readonly isHeard: boolean;
  cursor: string;
}

type Taken = IteratorResult<LiveItem, undefined>;

/** What has come and was not taken yet, in order and bounded. Each item goes to one taker. */
export class Inbox {
  readonly #onTaken: (cursor: string) => void;
  #slots: Slot[] = [];
  readonly #wakes: (() => void)[] = [];
  #hasRoom: (() => void) | undefined;
  #end: { readonly error: Error | undefined } | undefined;

  /** @param onTaken called with the id to resume from, whenever something has been taken */
  constructor(onTaken: (cursor: string) => void) {
    this.#onTaken = onTaken;
  }

  /** What it returns is to be waited for before more is put; undefined while there is room. */
  put(slot: Slot): Promise<void> | undefined {
    if (this.#end !== undefined) return undefined;
    this.#slots.push(slot);
    this.wake();
    if (this.#slots.length < maxWaitingItems) return undefined;
    return new Promise((resolve) => (this.#hasRoom = resolve));
  }

  /** A position belongs to what came before it: it counts once that is taken. */
  mark(cursor: string): void {
    const last = this.#slots.at(-1);
    if (last === undefined) this.#onTaken(cursor);
    else last.cursor = cursor;
  }

  /** The next item; at the end none, or the error that ended it. None either once its taker has left, who takes nothing with it. */
  async take(hasLeft: () => boolean): Promise<Taken> {
    for (;;) {
      if (hasLeft()) return { done: true, value: undefined };
      const slot = this.#slots.shift();
      if (slot !== undefined) {
        this.#onTaken(slot.cursor);
        if (this.#slots.length < maxWaitingItems / 2) this.#makeRoom();
        return { done: false, value: slot.item };
      }
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return { done: true, value: undefined };
      await new Promise<void>((resolve) => this.#wakes.push(resolve));
    }
  }

  /** Gives what lies here to `each`, in order, but nothing from before what was heard. */
  drain(each: (item: LiveItem) => void): void {
    const slots = this.#slots.splice(0);
    const heard = slots.findLastIndex(({ isHeard }) => isHeard);
    for (const [index, { item, cursor }] of slots.entries()) {
      if (index > heard) each(item);
      this.#onTaken(cursor);
    }
    this.#makeRoom();
  }

  /** Nothing more comes; with an error what lies here is still given out, without one the program wants no more. */
  end(error: Error | undefined): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    if (error === undefined) this.#slots = [];
    this.#makeRoom();
    this.wake();
  }

  /** Those who wait look again, in the order in which they came. */
  wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }

  #makeRoom(): void {
    this.#hasRoom?.();
    this.#hasRoom = undefined;
  }
}
