import type { Clock } from "../../../base/clock.js";
import type { Logger } from "../../../base/log.js";

/**
 * The time over which notices for another hub's fences must come, in milliseconds. A hub that has replaced a dead one gets
 * that one's last notices all at once. During an update, two hubs may overlap for the seconds that one needs to stop. Two
 * hubs that stay send a fence every three seconds each.
 */
const spanMs = 30_000;

/** After this time without such a notice, the second hub has ended, in milliseconds: 20 of its fences. */
const quietMs = 60_000;

export interface SecondHubOptions {
  readonly clock: Pick<Clock, "monotonic">;
  readonly logger: Logger;
  readonly labels: { readonly link: string };
}

/**
 * Notices that another hub uses the same Handler of Mongrel2. Mongrel2 then deals requests and notices out in turn, so each
 * hub misses a part of both. The sign is notices for fences that this hub has not sent: only a hub sends fences, and Mongrel2
 * passes their notices to the hubs of the same Handler only. Other programs, other Mongrel2 servers and clients cannot
 * cause them.
 */
export class SecondHub {
  readonly #options: SecondHubOptions;
  #firstMs = Number.NEGATIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;
  #isReported = false;

  constructor(options: SecondHubOptions) {
    this.#options = options;
  }

  /** True while another hub uses the same Handler. */
  get isThere(): boolean {
    return this.#isReported && this.#options.clock.monotonic() - this.#lastMs <= quietMs;
  }

  /** Call this for each notice for a fence that this hub has not sent. */
  seen(): void {
    const { clock, logger, labels } = this.#options;
    const nowMs = clock.monotonic();
    if (nowMs - this.#lastMs > quietMs) {
      this.#firstMs = nowMs;
      this.#isReported = false;
    }
    this.#lastMs = nowMs;
    if (this.#isReported || nowMs - this.#firstMs < spanMs) return;
    this.#isReported = true;
    logger.error(
      labels,
      "another hub uses the same Handler of Mongrel2: each hub gets only a part of the requests, and clients lose their streams. Give each hub a Handler of its own, or stop one hub",
    );
  }
}
