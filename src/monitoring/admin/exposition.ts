import type { Family, Sample } from "../../base/metrics.js";

/** The media type of {@link encodeExposition}. */
export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/** Writes metrics in Prometheus' text format, version 0.0.4. Every name begins with `prefix`. */
export function encodeExposition(families: Iterable<Family>, prefix = ""): string {
  let text = "";
  for (const { name, type, help, samples } of families) {
    text += `# HELP ${prefix}${name} ${escaped(help, /[\\\n]/g)}\n# TYPE ${prefix}${name} ${type}\n`;
    for (const sample of samples) text += `${prefix}${lineOf(sample)}\n`;
  }
  return text;
}

function lineOf({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text, /[\\\n"]/g)}"`);
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`;
}

function escaped(text: string, special: RegExp): string {
  return text.replaceAll(special, (character) => (character === "\n" ? "\\n" : `\\${character}`));
}

function numberText(value: number): string {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
