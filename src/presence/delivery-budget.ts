/** What events may cost in a second, an event as much as it has readers. What one second leaves is for the next alone. */
export class DeliveryBudget {
  readonly #perSecond: number;
  #left: number;
  #atMs: number | undefined;

  constructor(perSecond: number) {
    this.#perSecond = perSecond;
    this.#left = perSecond;
  }

  /** False until something is left again: then it pays for any event, so that one with more readers goes out too. */
  get isSpent(): boolean {
    return this.#left <= 0;
  }

  /** Adds what has been earned by this time, in milliseconds that never go back. */
  earn(nowMs: number): void {
    const earned = ((nowMs - (this.#atMs ?? nowMs)) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#perSecond, this.#left + earned);
    this.#atMs = nowMs;
  }

  spend(deliveries: number): void {
    this.#left -= deliveries;
  }
}
