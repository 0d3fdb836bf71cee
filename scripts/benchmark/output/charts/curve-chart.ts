import { numberText } from "../tables/number-text.js";
import type { Report } from "../../report/report.js";
import { escaped, styled } from "./svg.js";
import { curvesOf, type MeasuredCurve } from "../../report/curves.js";

/** The rows of the chart. Each row has one panel per curve. */
const rows = [
  { title: "server's CPU time per delivery, µs", lines: [{ figure: "cpu", line: "own" }] },
  {
    title: "delay, ms: median and p99 (dashed)",
    lines: [
      { figure: "p50", line: "own" },
      { figure: "p99", line: "own dashed" },
    ],
  },
] as const;

const size = { width: 760, left: 52, panel: 150, gap: 28, height: 120, head: 44, foot: 40 };

interface Box {
  readonly left: number;
  readonly top: number;
}

/** Maps a value to its position on a logarithmic axis. */
type Axis = (value: number) => number;

/**
 * An SVG of all curves of a run, for light and dark pages. Both axes are logarithmic. The panels of a row share a
 * scale.
 */
export function curveChartSvg(report: Report): string {
  const curves = curvesOf(report.scenarios).filter(({ points }) => points.length > 0);
  const parts = rows.map(({ title, lines }, row) => {
    const top = size.head + row * (size.height + size.head + size.foot);
    const figures = lines.map(({ figure }) => figure);
    const [from, to] = bounds(curves, figures);
    const y = logarithmic({ from, to, start: top + size.height, end: top });
    const panels = curves.map((curve, column) => {
      const left = size.left + column * (size.panel + size.gap);
      return panelSvg({ curve, lines, box: { left, top }, y });
    });
    const scale = decades(from, to).map(
      (value) => `<text class="label" x="${size.left - 8}" y="${y(value) + 4}">${numberText(value)}</text>`,
    );
    const head = `<text class="title" x="12" y="${top - 18}">${escaped(title)}</text>`;
    return [head, ...scale, ...panels].join("\n");
  });
  const height = rows.length * (size.height + size.head + size.foot) + 28;
  const { machine, startedAt } = report;
  const source = `Pharos alone; ${machine.cpu}, ${machine.cores} cores, shared by clients and server; ${startedAt.slice(0, 10)}`;
  const foot = `<text class="note" x="12" y="${height - 8}">${escaped(source)}</text>`;
  return [styled(size.width, height), ...parts, foot, "</svg>", ""].join("\n");
}

function panelSvg(options: {
  readonly curve: MeasuredCurve;
  readonly lines: readonly { readonly figure: string; readonly line: string }[];
  readonly box: Box;
  readonly y: Axis;
}): string {
  const { curve, lines, box, y } = options;
  const xs = curve.points.map((point) => point.x);
  const [from, to] = [Math.min(...xs), Math.max(...xs)];
  const x = logarithmic({ from, to, start: box.left + 4, end: box.left + size.panel - 4 });
  const bottom = box.top + size.height;
  const frame = `<rect class="frame" x="${box.left}" y="${box.top}" width="${size.panel}" height="${size.height}"/>`;
  const drawn = lines.map(({ figure, line }) => {
    const points = curve.points.map((point) => `${x(point.x)},${y(point.figures[figure]?.median ?? 0)}`);
    return `<polyline class="${line}" points="${points.join(" ")}"/>`;
  });
  const ends =
    `<text class="note" x="${box.left}" y="${bottom + 15}">${numberText(from)}</text>` +
    `<text class="note label" x="${box.left + size.panel}" y="${bottom + 15}">${numberText(to)}</text>`;
  const name = `<text class="note middle" x="${box.left + size.panel / 2}" y="${bottom + 15}">${escaped(curve.name)}</text>`;
  return [frame, ...drawn, ends, name].join("\n");
}

/** The bounds of an axis: the powers of ten below and above all values of the figures. */
function bounds(curves: readonly MeasuredCurve[], figures: readonly string[]): readonly [number, number] {
  const values = curves.flatMap(({ points }) =>
    points.flatMap((point) => figures.map((figure) => point.figures[figure]?.median ?? 0)),
  );
  const seen = values.filter((value) => value > 0);
  if (seen.length === 0) return [1, 10];
  const from = 10 ** Math.floor(Math.log10(Math.min(...seen)));
  return [from, Math.max(from * 10, 10 ** Math.ceil(Math.log10(Math.max(...seen))))];
}

function decades(from: number, to: number): readonly number[] {
  const count = Math.round(Math.log10(to / from));
  return Array.from({ length: count + 1 }, (_, index) => from * 10 ** index);
}

/** Maps values that are not above zero to the start of the axis. */
function logarithmic(options: {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}): Axis {
  const { from, to, start, end } = options;
  const whole = Math.log10(to / from) || 1;
  return (value) => {
    const share = value > 0 ? Math.log10(value / from) / whole : 0;
    return Math.round((start + share * (end - start)) * 10) / 10;
  };
}
