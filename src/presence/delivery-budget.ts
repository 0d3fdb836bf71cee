import type { Clock } from "../clock.js";

/** What events may cost in a second, an event as much as it has readers. What one second leaves is for the next alone. */
export class DeliveryBudget {
  readonly #perSecond: number;
  readonly #clock: Clock;
  #left: number;
  #atMs: number;

  constructor(options: { readonly perSecond: number; readonly clock: Clock }) {
    this.#perSecond = options.perSecond;
    this.#clock = options.clock;
    this.#left = options.perSecond;
    this.#atMs = options.clock.monotonic();
  }

  /** False when nothing is left. What is left pays for any event, so that one with more readers goes out too. */
  pay(deliveries: number): boolean {
    const nowMs = this.#clock.monotonic();
    const earned = ((nowMs - this.#atMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + earned);
    this.#atMs = nowMs;
    if (deliveries > 0 && this.#left <= 0) return false;
    this.#left -= deliveries;
    return true;
  }
}
