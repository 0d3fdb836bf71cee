import { counters, gauges, histograms } from "../base/metrics.js";
import type {
  BucketCounts,
  CounterName,
  Family,
  GaugeName,
  HistogramName,
  Labels,
  Metrics,
  Repeated,
} from "../base/metrics.js";
import { Histogram } from "../base/counting/histogram.js";
import { LabelTable, labelText } from "../base/counting/label-table.js";

const none: Labels = Object.freeze({});

interface Series {
  readonly labels: Labels;
  value: number;
}

interface HistogramSeries {
  readonly labels: Labels;
  readonly values: Histogram;
}

/** Stores all metrics in memory, by name and labels. */
export class MetricsRegistry implements Metrics {
  readonly #values = new LabelTable<Series>();
  readonly #histograms = new LabelTable<HistogramSeries>();

  count(name: CounterName, by = 1, labels: Labels = none): void {
    this.#values.row(name, labels, zero).value += by;
  }

  gauge(name: GaugeName, value: number, labels: Labels = none): void {
    this.#values.row(name, labels, zero).value = value;
  }

  observe(name: HistogramName, value: number | Repeated, labels: Labels = none): void {
    this.#histogram(name, labels).add(value);
  }

  merge(name: HistogramName, counts: BucketCounts, labels: Labels = none): void {
    this.#histogram(name, labels).merge(counts);
  }

  /**
   * All values by name, with labels in braces, as in `rounds_total{front=http}`. A histogram has its sum and its
   * count.
   */
  snapshot(): Readonly<Record<string, number>> {
    const entries = this.families()
      .flatMap(({ samples }) => samples)
      .filter(({ labels }) => labels.le === undefined)
      .map(({ name, labels, value }) => [`${name}${labelText(labels)}`, value] as const);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** All metric families, including families without a value. */
  families(): readonly Family[] {
    return [
      ...Object.entries(counters).map(([name, { help }]) => this.#family({ name, type: "counter", help })),
      ...Object.entries(gauges).map(([name, { help }]) => this.#family({ name, type: "gauge", help })),
      ...Object.entries(histograms).map(([name, { help }]) => this.#histogramFamily(name, help)),
    ];
  }

  #histogram(name: HistogramName, labels: Labels): Histogram {
    const create = (): HistogramSeries => ({ labels, values: new Histogram(histograms[name].bounds) });
    return this.#histograms.row(name, labels, create).values;
  }

  #family(family: Omit<Family, "samples">): Family {
    const { name } = family;
    return {
      ...family,
      samples: this.#values
        .rows(name)
        .map((series) => ({ name, labels: series.labels, value: series.value })),
    };
  }

  #histogramFamily(name: string, help: string): Family {
    const series = this.#histograms.rows(name);
    const samples = series.flatMap(({ labels, values }) => values.samples(name, labels));
    return { name, type: "histogram", help, samples };
  }
}

function zero(labels: Labels): Series {
  return { labels, value: 0 };
}
