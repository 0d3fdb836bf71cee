import type { Tab } from "./tab.js";

/**
 * The maximum number of detached tabs that connect directly at the same time. Over HTTP/1.1 browsers allow six
 * connections to one host. If detached tabs used all six, the worker could not reconnect, and no tab could return to
 * it.
 */
const maxReading = 3;

/**
 * The time that a tab reads alone before the next one starts as well, in milliseconds. A frozen tab may never return.
 */
const turnMs = 10_000;

/** Detached tabs: a few connect directly at a time, in order. The others wait, and receive nothing meanwhile. */
export class DirectReaders {
  readonly #waiting = new Set<Tab>();
  readonly #reading = new Map<Tab, ReturnType<typeof setTimeout>>();

  /** Adds a tab. It receives `detached` when its turn comes. */
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
