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

/** The delay of the event loop of a process, in seconds. */
export interface DelayFigures {
  /** The delays at the quantiles of the summary, in the last ten seconds. */
  readonly quantiles: readonly number[];
  /** The sum of all delays since the start of the process, and their number. */
  readonly sum: number;
  readonly count: number;
}

/**
 * Measures the delay of the event loop, which shows when a process needs more than one processor. The measurement needs
 * a timer every ten milliseconds, so it runs only while the metric can be read.
 */
export class EventLoopDelay {
  readonly #histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  readonly #timer: Timer;
  /** The delays at the quantiles in the last window, in seconds. */
  #last: readonly number[] | undefined;
  #earlier = { sum: 0, count: 0 };

  constructor({ clock }: { readonly clock: Clock }) {
    this.#histogram.enable();
    this.#timer = clock.every(windowMs, () => this.#endWindow());
  }

  /** In the first ten seconds, the quantiles are those of the time since the start. */
  get figures(): DelayFigures {
    return { quantiles: this.#last ?? this.#quantiles(), ...this.#total() };
  }

  /** Stops the measurement. Safe to call twice. */
  close(): void {
    this.#timer.cancel();
    this.#histogram.disable();
  }

  #endWindow(): void {
    this.#last = this.#quantiles();
    this.#earlier = this.#total();
    this.#histogram.reset();
  }

  #total(): { readonly sum: number; readonly count: number } {
    const { count, mean } = this.#histogram;
    const { sum, count: before } = this.#earlier;
    // The mean of no samples is not a number.
    return { sum: sum + (count === 0 ? 0 : count * secondsLate(mean)), count: before + count };
  }

  #quantiles(): readonly number[] {
    return quantiles.map((quantile) => secondsLate(this.#histogram.percentile(100 * quantile)));
  }
}

/** The samples of the summary of a process. */
export function delaySamples(figures: DelayFigures, labels: Labels): readonly Sample[] {
  const name = "event_loop_delay_seconds";
  return [
    ...quantiles.map((quantile, index) => ({
      name,
      labels: { ...labels, quantile: String(quantile) },
      value: figures.quantiles[index] ?? 0,
    })),
    { name: `${name}_sum`, labels, value: figures.sum },
    { name: `${name}_count`, labels, value: figures.count },
  ];
}

/** The delay in seconds. The histogram has the times between two samples, in nanoseconds. */
function secondsLate(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - resolutionMs) / 1000;
}
