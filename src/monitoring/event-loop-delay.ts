import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock, Timer } from "../base/clock.js";
import type { Metrics } from "../base/metrics.js";

/** How often lateness is looked at, in milliseconds: a delay that a user could feel is several of these. */
const resolutionMs = 10;

/** Quantiles are of this long, in milliseconds; a shorter time would miss what happens between two scrapes. */
const windowMs = 10_000;

const quantiles = [0.5, 0.99, 1] as const;

/**
 * Measures how late the event loop is: the one figure that tells that a hub has more to do than one processor can.
 * Costs a timer every ten milliseconds, so it runs only where somebody can read the figure.
 */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #metrics: Metrics;
  readonly #timer: Timer;

  constructor({ clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics }) {
    this.#metrics = metrics;
    this.#histogram.enable();
    this.#timer = clock.every(windowMs, () => this.#read());
  }

  /** Safe to call twice. */
  close(): void {
    this.#timer.cancel();
    this.#histogram.disable();
  }

  #read(): void {
    for (const quantile of quantiles) {
      // What is recorded is the time between two looks.
      const lateMs = this.#histogram.percentile(100 * quantile) / 1e6 - resolutionMs;
      const labels = { quantile: String(quantile) };
      this.#metrics.gauge("event_loop_delay_seconds", Math.max(0, lateMs) / 1000, labels);
    }
    this.#histogram.reset();
  }
}
