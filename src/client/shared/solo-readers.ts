import type { Tab } from "./tab.js";

/**
 * How many tabs that have fallen behind read by themselves at one time. Browsers allow six connections to one host over
 * HTTP/1.1: with more the worker's own would not be opened, and no tab could come back to it.
 */
const mostAtOnce = 3;

/** How long one of them keeps others from it, in milliseconds: one that does not run may never come back. */
const turnMs = 10_000;

/** Has tabs that have fallen behind read by themselves, a few at a time, in order. The others wait, and get nothing meanwhile. */
export class SoloReaders {
  readonly #waiting = new Set<Tab>();
  readonly #reading = new Map<Tab, ReturnType<typeof setTimeout>>();

  /** The tab is told when its turn comes. */
  begin(tab: Tab): void {
    if (!this.#reading.has(tab)) this.#waiting.add(tab);
    this.#next();
  }

  /** The tab has come back, or has gone. */
  end(tab: Tab): void {
    this.#waiting.delete(tab);
    clearTimeout(this.#reading.get(tab));
    this.#reading.delete(tab);
    this.#next();
  }

  /** There is nobody any more who could have a turn. */
  clear(): void {
    this.#waiting.clear();
    for (const timer of this.#reading.values()) clearTimeout(timer);
    this.#reading.clear();
  }

  #next(): void {
    for (const tab of this.#waiting) {
      if (this.#reading.size >= mostAtOnce) return;
      this.#waiting.delete(tab);
      const timer = setTimeout(() => this.end(tab), turnMs);
      this.#reading.set(tab, timer);
      tab.port.say({ kind: "apart" });
    }
  }
}
