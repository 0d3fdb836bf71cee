import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock, Timer } from "../base/clock.js";
import type { Metrics } from "../base/metrics.js";

/** The interval of the samples, in milliseconds. A noticeable delay is several times as long. */
const resolutionMs = 10;

/**
 * The time that the quantiles cover, in milliseconds. A shorter time would miss delays between two reads of the
 * metrics.
 */
const windowMs = 10_000;

const quantiles = [0.5, 0.99, 1] as const;

/**
 * Measures the delay of the event loop, which shows when a hub needs more than one processor. The measurement needs a
 * timer every ten milliseconds, so it runs only while the metric can be read.
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

  /** Stops the measurement. Safe to call twice. */
  close(): void {
    this.#timer.cancel();
    this.#histogram.disable();
  }

  #read(): void {
    for (const quantile of quantiles) {
      // The histogram contains the times between two samples.
      const lateMs = this.#histogram.percentile(100 * quantile) / 1e6 - resolutionMs;
      const labels = { quantile: String(quantile) };
      this.#metrics.gauge("event_loop_delay_seconds", Math.max(0, lateMs) / 1000, labels);
    }
    this.#histogram.reset();
  }
}
