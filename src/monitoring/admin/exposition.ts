import type { Family, Sample } from "../../base/metrics.js";

/** A text form of metrics. */
export interface Exposition {
  /** The media type. */
  readonly type: string;
  readonly encode: (families: Iterable<Family>) => string;
}

/** Prometheus' text format, version 0.0.4. */
export const textFormat: Exposition = {
  type: "text/plain; version=0.0.4; charset=utf-8",
  encode: (families) => {
    let text = "";
    for (const { name, type, help, samples } of families) {
      text += `# HELP ${name} ${escaped(help, /[\\\n]/g)}\n# TYPE ${name} ${type}\n`;
      for (const sample of samples) text += lineOf(sample, String);
    }
    return text;
  },
};

/**
 * OpenMetrics, version 1.0.0. It differs from {@link textFormat}: the name of a counter's family has no `_total`, the
 * family may have a unit, bounds and quantiles have a decimal point, and the text ends with `# EOF`.
 */
export const openMetrics: Exposition = {
  type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  encode: (families) => {
    let text = "";
    for (const { name, type, help, samples } of families) {
      const family = type === "counter" ? name.replace(/_total$/, "") : name;
      text += `# TYPE ${family} ${type}\n`;
      const unit = /_(seconds|bytes)$/.exec(family)?.[1];
      if (unit !== undefined) text += `# UNIT ${family} ${unit}\n`;
      text += `# HELP ${family} ${escaped(help, /[\\\n"]/g)}\n`;
      for (const sample of samples) text += lineOf(sample, withPoint);
    }
    return `${text}# EOF\n`;
  },
};

/** The form for a request with this `Accept` header: OpenMetrics if the header prefers it to plain text. */
export function expositionFor(accept = ""): Exposition {
  const ranges = accept.split(",").map((range) => range.split(";").map((part) => part.trim().toLowerCase()));
  const weightOf = (type: string): number =>
    Math.max(0, ...ranges.filter(([first]) => first === type).map(([, ...rest]) => weightIn(rest)));
  const weight = weightOf("application/openmetrics-text");
  return weight > 0 && weight >= weightOf("text/plain") ? openMetrics : textFormat;
}

function weightIn(parameters: readonly string[]): number {
  const given = parameters.find((parameter) => parameter.startsWith("q="));
  return given === undefined ? 1 : Number(given.slice(2)) || 0;
}

function lineOf({ name, labels, value }: Sample, writeBound: (bound: string) => string): string {
  const pairs = Object.entries(labels).map(([label, text]) => {
    const written = label === "le" || label === "quantile" ? writeBound(text) : text;
    return `${label}="${escaped(written, /[\\\n"]/g)}"`;
  });
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}\n`;
}

/** OpenMetrics requires that whole numbers have a decimal point here. */
function withPoint(bound: string): string {
  return /^\d+$/.test(bound) ? `${bound}.0` : bound;
}

function escaped(text: string, special: RegExp): string {
  return text.replaceAll(special, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
