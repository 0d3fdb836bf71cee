import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock, Timer } from "../base/clock.js";
import { summaries } from "../base/metrics.js";
import type { Labels, Sample } from "../base/metrics.js";

/** The interval of the samples, in milliseconds. A noticeable delay is several times as long. */
const resolutionMs = 10;

/**
 * The time that the quantiles cover, in milliseconds. A shorter time would miss delays between two reads of the
 * metrics.
 */
const windowMs = 10_000;

const { quantiles } = summaries.event_loop_delay_seconds;

/**
 * Measures the delay of the event loop, which shows when a process needs more than one processor. The measurement needs
 * a timer every ten milliseconds, so it runs only while the metric can be read.
 */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timer: Timer;
  /** The delays at the quantiles in the last window, in seconds. */
  #last: readonly number[] | undefined;
  #count = 0;
  #sumSeconds = 0;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#histogram.enable();
    this.#timer = clock.every(windowMs, () => this.#endWindow());
  }

  /**
   * The quantiles of the last ten seconds, and the sum and the count since the start, as samples of a summary. In the
   * first ten seconds, the quantiles are those of the time since the start.
   */
  samples(name: string, labels: Labels): readonly Sample[] {
    const delays = this.#last ?? this.#delays();
    const { count, sumSeconds } = this.#window();
    return [
      ...quantiles.map((quantile, index) => ({
        name,
        labels: { ...labels, quantile: String(quantile) },
        value: delays[index] ?? 0,
      })),
      { name: `${name}_sum`, labels, value: this.#sumSeconds + sumSeconds },
      { name: `${name}_count`, labels, value: this.#count + count },
    ];
  }

  /** Stops the measurement. Safe to call twice. */
  close(): void {
    this.#timer.cancel();
    this.#histogram.disable();
  }

  #endWindow(): void {
    const { count, sumSeconds } = this.#window();
    this.#last = this.#delays();
    this.#count += count;
    this.#sumSeconds += sumSeconds;
    this.#histogram.reset();
  }

  #window(): { readonly count: number; readonly sumSeconds: number } {
    const { count } = this.#histogram;
    return { count, sumSeconds: count === 0 ? 0 : count * secondsLate(this.#histogram.mean) };
  }

  #delays(): readonly number[] {
    return quantiles.map((quantile) => secondsLate(this.#histogram.percentile(100 * quantile)));
  }
}

/** The delay in seconds. The histogram has the times between two samples, in nanoseconds. */
function secondsLate(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - resolutionMs) / 1000;
}
