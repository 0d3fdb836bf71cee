/** One query of a panel, in PromQL, and the name of its series. */
export interface Query {
  readonly expr: string;
  /** Text with `{{label}}`. */
  readonly legend: string;
}

/** The unit of a panel's axis, under the name that Grafana gives it. */
export type Unit = "short" | "s" | "bytes" | "Bps" | "ops" | "percentunit";

export interface Panel {
  readonly title: string;
  /** What the panel shows, and which value is bad. */
  readonly help: string;
  readonly unit: Unit;
  /** Grafana's name of the kind. @default a graph over time */
  readonly kind?: "stat" | "bargauge" | "timeseries";
  readonly queries: readonly Query[];
}

/** Panels with a common subject. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Adds the labels of the chosen hubs to each metric of a query. In the text, `@` stands for these labels. */
export function query(expr: string, legend: string): Query {
  return { expr: expr.replaceAll("@", `job="$job",instance=~"$instance"`), legend };
}

/** The rate of a counter. `more` are further labels, such as `,reason="age"`. */
export function rate(metric: string, more = ""): string {
  return `rate(${metric}{@${more}}[$__rate_interval])`;
}

/** A quantile of a histogram, for each value of the labels. */
export function quantile(share: number, histogram: string, by = ""): string {
  const labels = by === "" ? "le" : `le, ${by}`;
  return `histogram_quantile(${share}, sum by (${labels}) (${rate(`${histogram}_bucket`)}))`;
}

/** The use of a limit, from 0 to 1. */
export function use(sum: string, limit: string): string {
  return `max(${sum} / on (job, instance) pharos_limit{@,name="${limit}"})`;
}
