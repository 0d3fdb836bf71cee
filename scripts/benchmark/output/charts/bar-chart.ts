import { numberText } from "../tables/number-text.js";
import type { Report, ScenarioResults } from "../../report/report.js";
import { escaped, styled } from "./svg.js";

/** One panel of bars. */
interface Panel {
  readonly title: string;
  readonly scale: "linear" | "logarithmic";
  readonly bars: readonly {
    readonly label: string;
    readonly value: number;
    readonly text: string;
    readonly own: boolean;
  }[];
}

const size = { width: 760, left: 170, right: 110, bar: 16, gap: 8, head: 34, foot: 22, top: 12 };

/** The panels, each with scenario, figure, title and scale. */
const shown = [
  {
    scenario: "saturation",
    figure: "deliveries",
    title: "Deliveries a second to 1,000 clients (more is better; logarithmic)",
    scale: "logarithmic",
  },
  {
    scenario: "delay-10000",
    figure: "p99",
    title: "p99 delay in ms, 10 publications/s to 10,000 clients (less is better; logarithmic)",
    scale: "logarithmic",
  },
  {
    scenario: "idle-memory",
    figure: "kib",
    title: "Memory per idle client in KiB (less is better)",
    scale: "linear",
  },
] as const;

/**
 * An SVG of the main figures, for light and dark pages. Each panel has its own scale. The chart omits panels without
 * figures.
 */
export function barChartSvg(report: Report): string {
  const titles = new Map(report.candidates.map((entry) => [entry.name, entry.title]));
  const panels = shown.flatMap((panelSpec) => {
    const results = report.scenarios.find(({ name }) => name === panelSpec.scenario);
    const panel = results === undefined ? undefined : panelOf({ ...panelSpec, results, titles });
    return panel === undefined ? [] : [panel];
  });
  let y = size.top;
  const parts = panels.map((panel) => {
    const part = panelSvg(panel, y);
    y += heightOf(panel);
    return part;
  });
  const { machine, startedAt } = report;
  const source = `${machine.cpu}, ${machine.cores} cores, shared by clients and servers; ${startedAt.slice(0, 10)}`;
  const foot = `<text class="note" x="12" y="${y + 8}">${escaped(source)}</text>`;
  return [styled(size.width, y + size.foot), ...parts, foot, "</svg>", ""].join("\n");
}

function panelOf(options: {
  readonly results: ScenarioResults;
  readonly figure: string;
  readonly title: string;
  readonly scale: Panel["scale"];
  readonly titles: ReadonlyMap<string, string>;
}): Panel | undefined {
  const { results, figure, title, scale, titles } = options;
  const bars = results.results.flatMap((result) => {
    const spread = result.kind === "measured" ? result.figures[figure] : undefined;
    if (spread === undefined) return [];
    const { candidate } = result;
    const own = candidate.startsWith("pharos");
    return [
      {
        label: titles.get(candidate) ?? candidate,
        value: spread.median,
        text: numberText(spread.median),
        own,
      },
    ];
  });
  return bars.length === 0 ? undefined : { title, scale, bars };
}

function heightOf(panel: Panel): number {
  return size.head + panel.bars.length * (size.bar + size.gap) + 10;
}

function panelSvg(panel: Panel, top: number): string {
  const lengths = barLengths(
    panel.bars.map((bar) => bar.value),
    panel.scale,
  );
  const title = `<text class="title" x="12" y="${top + 18}">${escaped(panel.title)}</text>`;
  const bars = panel.bars.map((bar, index) => {
    const y = top + size.head + index * (size.bar + size.gap);
    const baseline = y + size.bar - 4;
    const length = Math.round(lengths[index] ?? 0);
    return [
      `<text class="label" x="${size.left - 10}" y="${baseline}">${escaped(bar.label)}</text>`,
      `<rect class="${bar.own ? "own" : "peer"}" x="${size.left}" y="${y}" width="${length}" height="${size.bar}" rx="2"/>`,
      `<text class="value" x="${size.left + length + 8}" y="${baseline}">${bar.text}</text>`,
    ].join("\n");
  });
  return [title, ...bars].join("\n");
}

/** A logarithmic scale begins at a tenth of the smallest value, so that the bar of the smallest value is visible. */
function barLengths(values: readonly number[], scale: Panel["scale"]): readonly number[] {
  const longest = size.width - size.left - size.right;
  const highest = Math.max(...values);
  if (scale === "linear") return values.map((value) => (value / highest) * longest);
  const from = Math.log10(Math.min(...values.filter((value) => value > 0)) / 10);
  const to = Math.log10(highest);
  return values.map((value) => (value > 0 ? ((Math.log10(value) - from) / (to - from)) * longest : 0));
}
