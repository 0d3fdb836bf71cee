import type { Labels } from "../../../src/base/metrics.js";

/** A metric in the text format of Prometheus. */
export interface ScrapedFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly samples: { readonly name: string; readonly labels: Labels; readonly value: number }[];
}

const label = String.raw`[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"`;
const sampleForm = new RegExp(
  String.raw`^([a-z_][a-z0-9_]*)(?:\{(${label}(?:,${label})*)\})? (-?[\d.e+-]+|NaN|[+-]Inf)$`,
);

/** Parses the text format. Throws for an invalid line [exposition format 0.0.4]. */
export function parseMetrics(text: string): readonly ScrapedFamily[] {
  const families: ScrapedFamily[] = [];
  let help: RegExpExecArray | null = null;
  for (const line of text.split("\n").filter((each) => each !== "")) {
    const [, typed, type = ""] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    const family = families.at(-1);
    if (line.startsWith("# HELP ")) help = /^# HELP (\S+) (.+)$/.exec(line);
    else if (typed !== undefined) {
      if (help?.[1] !== typed) throw new Error(`no help text before ${line}`);
      families.push({ name: typed, help: help[2] ?? "", type, samples: [] });
    } else if (family === undefined) throw new Error(`no type before ${line}`);
    else family.samples.push(parseSample(line, family));
  }
  return families;
}

function parseSample(line: string, { name: family }: ScrapedFamily): ScrapedFamily["samples"][number] {
  const [, name, pairs = "", value] = sampleForm.exec(line) ?? [];
  if (name === undefined || !name.startsWith(family)) throw new Error(`no sample of ${family}: ${line}`);
  const labels = [...pairs.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = "", text]) => [
    key,
    text,
  ]);
  return { name, labels: Object.fromEntries(labels), value: Number(value?.replace("Inf", "Infinity")) };
}
