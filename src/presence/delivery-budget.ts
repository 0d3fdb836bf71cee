/**
 * Limits the deliveries of presence events in each second. An event costs one delivery for each receiving connection.
 * Unused deliveries of one second remain available in the next second, but not later.
 */
export class DeliveryBudget {
  readonly #perSecond: number;
  #left: number;
  #atMs: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /**
   * True if no deliveries are left. Otherwise any event may be published, even an event that costs more deliveries than
   * are left.
   */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Refills the budget up to this time, in milliseconds of a monotonic clock. */
  refill(nowMs: number): void {
    const refilled = ((nowMs - (this.#atMs ?? nowMs)) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + refilled);
    this.#atMs = nowMs;
  }

  spend(deliveries: number): void {
    this.#left -= deliveries;
  }
}
