import { randomInt } from "node:crypto";

/** The top of the 32-bit range: a server reaches it after four billion connections. */
const count = 65_536;
const first = 2 ** 32 - count;

/**
 * Ids that no connection has. Mongrel2 answers a message to one with a disconnect notice, after everything that came
 * before: this is how a handler learns that its messages have been taken. They rotate from a random start, so that
 * the notice for a fence of a handler that has died is not taken for one of ours.
 */
export class FenceIds {
  #next = randomInt(count);

  next(): number {
    const id = first + this.#next;
    this.#next = (this.#next + 1) % count;
    return id;
  }

  /** Whether an id of a notice, which Mongrel2 writes as a signed number, is one of the range. */
  static includes(id: number): boolean {
    return id >>> 0 >= first;
  }

  /** The id that was sent, from the one that came back: 4294967295 returns as -1. */
  static fromNotice(id: number): number {
    return id >>> 0;
  }
}
