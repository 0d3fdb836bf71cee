export interface PresenceEventLimits {
  /** Deliveries per second. */
  readonly subscriptionDeliveries: number;
}

/**
 * Limits the deliveries of presence events in each second. An event costs one delivery for each receiving connection.
 * Unused deliveries of one second remain available in the next second, but not later.
 */
export class DeliveryBudget {
  readonly #limits: PresenceEventLimits;
  #left: number;
  #atMs: number | undefined;

  constructor(limits: PresenceEventLimits) {
    this.#limits = limits;
    this.#left = limits.subscriptionDeliveries;
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
    const { subscriptionDeliveries: perSecond } = this.#limits;
    const refilled = ((nowMs - (this.#atMs ?? nowMs)) / 1000) * perSecond;
    this.#left = Math.min(perSecond, this.#left + refilled);
    this.#atMs = nowMs;
  }

  spend(deliveries: number): void {
    this.#left -= deliveries;
  }
}
