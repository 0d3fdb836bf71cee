import type { Tab } from "./tab.js";

/**
 * The maximum number of detached tabs that connect directly at the same time. Over HTTP/1.1 browsers allow six
 * connections to one host. If detached tabs used all six connections, the worker could not reconnect, and no tab could
 * return to the worker.
 */
const maxReading = 3;

/**
 * The time after which the next detached tab also connects directly, in milliseconds. The class does not wait longer
 * for a tab, because a frozen tab may never return to the worker.
 */
const turnMs = 10_000;

/**
 * The detached tabs. A few detached tabs at a time connect directly, in order. The other detached tabs wait, and
 * receive nothing until their turn.
 */
export class DirectReaders {
  readonly #waiting = new Set<Tab>();
  readonly #reading = new Map<Tab, ReturnType<typeof setTimeout>>();

  /** Adds a detached tab, and sends the message `detached` to the tab when it may connect directly. */
  add(tab: Tab): void {
    if (!this.#reading.has(tab)) this.#waiting.add(tab);
    this.#startNext();
  }

  /** Removes a tab that has returned or was closed. */
  remove(tab: Tab): void {
    this.#waiting.delete(tab);
    clearTimeout(this.#reading.get(tab));
    this.#reading.delete(tab);
    this.#startNext();
  }

  /** Removes all tabs. */
  clear(): void {
    this.#waiting.clear();
    for (const timer of this.#reading.values()) clearTimeout(timer);
    this.#reading.clear();
  }

  #startNext(): void {
    for (const tab of this.#waiting) {
      if (this.#reading.size >= maxReading) return;
      this.#waiting.delete(tab);
      const timer = setTimeout(() => this.remove(tab), turnMs);
      this.#reading.set(tab, timer);
      tab.port.send({ kind: "detached" });
    }
  }
}
