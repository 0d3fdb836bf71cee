import type { CounterName, HistogramName, Labels, Metrics } from "../../base/metrics.js";
import type { Counted, WorkerMetrics } from "../ipc/messages.js";

const none: Labels = Object.freeze({});

/** The limit of histogram values that are kept until the next message. Further values are dropped. */
const mostObserved = 10_000;

/** Collects a worker's metrics until the hub asks for them. Gauges are reported separately. */
export class RemoteMetrics implements Metrics {
  #counted = new Map<string, [name: CounterName, by: number, labels: Labels]>();
  #observed: Counted<HistogramName>[] = [];

  count(name: CounterName, by = 1, labels: Labels = none): void {
    const key = `${name} ${JSON.stringify(labels)}`;
    const counted = this.#counted.get(key);
    if (counted === undefined) this.#counted.set(key, [name, by, labels]);
    else counted[1] += by;
  }

  gauge(): void {}

  observe(name: HistogramName, value: number, labels: Labels = none): void {
    if (this.#observed.length < mostObserved) this.#observed.push([name, value, labels]);
  }

  /** Returns all counts and values since the last call. */
  drain(): Pick<WorkerMetrics, "counted" | "observed"> {
    const taken = { counted: [...this.#counted.values()], observed: this.#observed };
    this.#counted = new Map();
    this.#observed = [];
    return taken;
  }
}
