import { Histogram } from "../../base/counting/histogram.js";
import { LabelTable } from "../../base/counting/label-table.js";
import { histograms } from "../../base/metrics.js";
import type {
  BucketCounts,
  CounterName,
  HistogramName,
  Labels,
  Metrics,
  Repeated,
} from "../../base/metrics.js";
import type { WorkerMetrics } from "../ipc/messages.js";

const none: Labels = Object.freeze({});

interface Count {
  readonly name: CounterName;
  readonly labels: Labels;
  by: number;
}

interface Values {
  readonly name: HistogramName;
  readonly labels: Labels;
  readonly histogram: Histogram;
}

/**
 * Collects a worker's metrics until the hub asks for them. Histograms are collected as counts of their buckets, so that
 * the memory and the message do not grow with the number of values. Gauges are reported separately.
 */
export class RemoteMetrics implements Metrics {
  readonly #counts = new LabelTable<Count>();
  readonly #values = new LabelTable<Values>();

  count(name: CounterName, by = 1, labels: Labels = none): void {
    this.#counts.row(name, labels, () => ({ name, labels, by: 0 })).by += by;
  }

  gauge(): void {}

  observe(name: HistogramName, value: number | Repeated, labels: Labels = none): void {
    this.#histogram(name, labels).add(value);
  }

  merge(name: HistogramName, counts: BucketCounts, labels: Labels = none): void {
    this.#histogram(name, labels).merge(counts);
  }

  /** Returns all counts and values since the last call. */
  drain(): Pick<WorkerMetrics, "counted" | "observed"> {
    const observed = this.#values.drain();
    return {
      counted: this.#counts.drain(),
      observed: observed.map(({ name, labels, histogram }) => ({ name, labels, values: histogram.counts })),
    };
  }

  #histogram(name: HistogramName, labels: Labels): Histogram {
    const create = (): Values => ({ name, labels, histogram: new Histogram(histograms[name].bounds) });
    return this.#values.row(name, labels, create).histogram;
  }
}
