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

/** What the chart shows: the scenario, the figure, what stands above it, and how bars grow with it. */
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
 * An SVG of the main figures, each panel with a scale of its own, readable on light and dark pages.
 * Panels whose scenario was not measured are left out.
 */
export function chartSvg(report: Report): string {
  const titles = new Map(report.contestants.map((entry) => [entry.name, entry.title]));
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
  const source = `${machine.cpu}, ${machine.cores} cores, clients and servers together; ${startedAt.slice(0, 10)}`;
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
    const { contestant } = result;
    const own = contestant.startsWith("pharos");
    return [
      {
        label: titles.get(contestant) ?? contestant,
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
    const middle = y + size.bar - 4;
    const length = Math.round(lengths[index] ?? 0);
    return [
      `<text class="label" x="${size.left - 10}" y="${middle}">${escaped(bar.label)}</text>`,
      `<rect class="${bar.own ? "own" : "peer"}" x="${size.left}" y="${y}" width="${length}" height="${size.bar}" rx="2"/>`,
      `<text class="value" x="${size.left + length + 8}" y="${middle}">${bar.text}</text>`,
    ].join("\n");
  });
  return [title, ...bars].join("\n");
}

/** A logarithmic scale begins at a tenth of the least, so that the least can be seen, too. */
function barLengths(values: readonly number[], scale: Panel["scale"]): readonly number[] {
  const room = size.width - size.left - size.right;
  const most = Math.max(...values);
  if (scale === "linear") return values.map((value) => (value / most) * room);
  const from = Math.log10(Math.min(...values.filter((value) => value > 0)) / 10);
  const to = Math.log10(most);
  return values.map((value) => (value > 0 ? ((Math.log10(value) - from) / (to - from)) * room : 0));
}
