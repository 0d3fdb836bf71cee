import type { CounterName, GaugeName, Labels, Metrics } from "../metrics.js";

/** Counts in memory: every figure since the start, by name and labels. */
export class Figures implements Metrics {
  readonly #values = new Map<string, number>();

  count(name: CounterName, by = 1, labels?: Labels): void {
    const key = keyOf(name, labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + by);
  }

  gauge(name: GaugeName, value: number, labels?: Labels): void {
    this.#values.set(keyOf(name, labels), value);
  }

  /** Every figure under its name with labels in braces, as in `rounds_total{front=http}`. */
  snapshot(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#values].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
}

function keyOf(name: string, labels: Labels | undefined): string {
  if (labels === undefined) return name;
  let text = "";
  for (const label in labels) text += `${text === "" ? "" : ","}${label}=${labels[label]}`;
  return `${name}{${text}}`;
}
