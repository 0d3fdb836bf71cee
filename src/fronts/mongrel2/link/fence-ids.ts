import { randomInt } from "node:crypto";

/**
 * The number of fence ids. Fence ids are the last ids of the 32-bit range. A server gives these ids to connections only
 * after four billion other connections.
 */
const count = 65_536;
const first = 2 ** 32 - count;

/**
 * Notices for older fences do not come: a link waits for the notice of one window before it sends the next window. Ids of
 * another program are taken for own ones as seldom as 1 in 64.
 */
const remembered = 1024;

/**
 * Ids that no connection has. Mongrel2 answers a message to such an id with a disconnect notice, after all earlier
 * messages. From this notice the link learns that Mongrel2 has accepted its messages. The ids start at a random number,
 * so that the link does not take a notice for another program's old fence as its own.
 */
export class FenceIds {
  #next = randomInt(count);
  #sent = 0;

  next(): number {
    const id = first + this.#next;
    this.#next = (this.#next + 1) % count;
    this.#sent += 1;
    return id;
  }

  /** True for the last {@link remembered} ids that {@link next} has returned. */
  has(id: number): boolean {
    const age = (this.#next - 1 - (id - first) + 2 * count) % count;
    return age < Math.min(this.#sent, remembered);
  }

  /** True if the id of a notice is in the range of fence ids. Mongrel2 writes the id as a signed number. */
  static includes(id: number): boolean {
    return id >>> 0 >= first;
  }

  /** Converts the id of a notice to the id that the link sent: a notice has -1 for 4294967295. */
  static fromNotice(id: number): number {
    return id >>> 0;
  }
}
