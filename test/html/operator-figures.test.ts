import { expect, test } from "vitest";
import { importPageModule } from "./modules.js";

interface PageFigures {
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

interface PageChange {
  readonly seconds: number;
  of(name: string): number;
  perSecond(name: string): number;
  ratio(name: string, other: string): number | undefined;
}

const { Figures, Change, Readings } = await importPageModule<{
  readonly Figures: new (stats: unknown) => PageFigures & { takenMs: number };
  readonly Change: new (before: PageFigures | undefined, now: PageFigures) => PageChange;
  readonly Readings: new () => { readonly recent: PageChange; add(now: PageFigures): PageChange };
}>("operator/figures.js");

const formats =
  await importPageModule<Readonly<Record<string, (value: number | undefined) => string>>>(
    "operator/format.js",
  );

function figuresOf(figures: Readonly<Record<string, unknown>>, takenMs = 0) {
  return Object.assign(new Figures({ figures }), { takenMs });
}

test("a figure is the sum of its labels, or of those asked for, and 0 where nothing was counted", () => {
  const figures = figuresOf({
    cohorts: 3,
    connections: [
      { front: "http", value: 2 },
      { front: "mongrel2", value: 5 },
    ],
  });
  expect(figures.sum("cohorts")).toBe(3);
  expect(figures.sum("connections")).toBe(7);
  expect(figures.sum("connections", { front: "http" })).toBe(2);
  expect(figures.sum("gaps_total")).toBe(0);
});

test("a change is by the second and by another figure; the first reading has none", () => {
  const before = figuresOf({ round_bytes_sum: 100, round_bytes_count: 1 }, 1000);
  const now = figuresOf({ round_bytes_sum: 700, round_bytes_count: 4 }, 3000);
  const change = new Change(before, now);
  expect(change.perSecond("round_bytes_sum")).toBe(300);
  expect(change.ratio("round_bytes_sum", "round_bytes_count")).toBe(200);
  expect(change.ratio("round_bytes_sum", "cohorts")).toBeUndefined();
  const first = new Change(undefined, now);
  expect([first.of("round_bytes_sum"), first.perSecond("round_bytes_sum")]).toEqual([0, 0]);
});

// Bug: a page that had been open for 10 seconds showed its counts as those of five minutes.
test("recent figures cover five minutes, or the time since the first reading, and say which", () => {
  const readings = new Readings();
  const recent: number[] = [];
  for (let second = 0; second <= 400; second += 2) {
    readings.add(figuresOf({ gaps_total: second }, second * 1000));
    recent.push(readings.recent.seconds);
    expect(readings.recent.of("gaps_total")).toBe(readings.recent.seconds);
  }
  expect(recent.slice(0, 3)).toEqual([0, 2, 4]);
  expect(recent.slice(-3)).toEqual([300, 300, 300]);
});

test("a page that was hidden for an hour covers this hour, until it has five minutes of readings again", () => {
  const readings = new Readings();
  for (const second of [0, 3600, 3602]) readings.add(figuresOf({ gaps_total: second }, second * 1000));
  expect(readings.recent.seconds).toBe(3602);
  readings.add(figuresOf({ gaps_total: 0 }, 3_900_000));
  expect(readings.recent.seconds).toBe(300);
});

test.each([
  ["formatSpan", 0, "0 s"],
  ["formatSpan", 119.4, "119 s"],
  ["formatSpan", 300, "5 min"],
  ["formatNumber", undefined, "–"],
  ["formatNumber", 0, "0"],
  ["formatNumber", 0.25, "0.3"],
  ["formatNumber", 3, "3"],
  ["formatNumber", 1234.5, "1,235"],
  ["formatBytes", 0, "0 B"],
  ["formatBytes", 1023, "1023 B"],
  ["formatBytes", 1024, "1.0 KiB"],
  ["formatBytes", 150 * 1024 * 1024, "150 MiB"],
  ["formatSeconds", 0, "0 ms"],
  ["formatSeconds", 0.0042, "4.2 ms"],
  ["formatSeconds", 0.25, "250 ms"],
  ["formatSeconds", 2, "2.0 s"],
  ["formatUptime", 0, "0 s"],
  ["formatUptime", 61, "1 min 1 s"],
  ["formatUptime", 90_000, "1 d 1 h"],
])("%s(%s) is %s", (name, value, text) => {
  expect(formats[name]?.(value)).toBe(text);
});
