import { counters } from "../base/metrics.js";
import type { CounterDefinition, CounterName, Labels } from "../base/metrics.js";
import type { Front } from "../fronts/front.js";
import type { MetricsRegistry } from "./metrics-registry.js";

/**
 * Sets counters to 0 whose labels are known at the start. If a counter appears only with its first event, a monitoring
 * system shows no rate for that event.
 */
export function startCounters(metrics: MetricsRegistry, fronts: readonly Front[]): void {
  const definitions = Object.entries<CounterDefinition>(counters) as [CounterName, CounterDefinition][];
  for (const [name, definition] of definitions)
    for (const labels of knownLabels(definition, fronts)) metrics.count(name, 0, labels);
}

function knownLabels(
  { labels = [], values }: CounterDefinition,
  fronts: readonly Front[],
): readonly Labels[] {
  const [label, ...others] = labels;
  if (label === undefined) return [{}];
  if (others.length > 0) return [];
  return [...knownValues(label, values, fronts)].map((value) => ({ [label]: value }));
}

function knownValues(
  label: string,
  values: CounterDefinition["values"],
  fronts: readonly Front[],
): Iterable<string> {
  if (values !== undefined) return Object.keys(values);
  if (label === "front") return new Set(fronts.map((front) => front.label));
  if (label === "link")
    return fronts.flatMap(({ name, linkState }) => (linkState === undefined ? [] : [name]));
  return [];
}
