import { describe, expect, it } from "vitest";
import { MetricsRegistry } from "../../src/monitoring/metrics-registry.js";
import { statusDocument } from "../../src/monitoring/status-document.js";

describe("figures", () => {
  it("are counted and set for each name and labels", () => {
    const figures = new MetricsRegistry();
    figures.count("publications_total");
    figures.count("publications_total", 2);
    figures.count("rounds_total", 1, { front: "http" });
    figures.count("rounds_total", 1, { front: "mongrel2" });
    figures.gauge("cohorts", 7);
    figures.gauge("cohorts", 5);
    expect(figures.snapshot()).toEqual({
      cohorts: 5,
      publications_total: 3,
      "rounds_total{front=http}": 1,
      "rounds_total{front=mongrel2}": 1,
    });
  });

  it("have a family for every name, counted or not", () => {
    const families = new MetricsRegistry().families();
    expect(families.find(({ name }) => name === "gaps_total")).toMatchObject({
      type: "counter",
      samples: [],
    });
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
  });

  it("of a histogram count each value in every bucket that reaches it", () => {
    const figures = new MetricsRegistry();
    for (const bytes of [256, 257, 2_000_000]) figures.observe("round_bytes", bytes, { front: "http" });
    const family = figures.families().find(({ name }) => name === "round_bytes");
    const buckets = family?.samples.filter(({ name }) => name === "round_bytes_bucket");
    expect(buckets?.map(({ labels, value }) => `${labels.le} ${value}`)).toEqual([
      "256 1",
      "1024 2",
      "4096 2",
      "16384 2",
      "65536 2",
      "262144 2",
      "1048576 2",
      "+Inf 3",
    ]);
    expect(figures.snapshot()).toEqual({
      "round_bytes_count{front=http}": 3,
      "round_bytes_sum{front=http}": 2_000_513,
    });
  });
});

describe("the status", () => {
  it("has each figure under its name: a number, or a list where it has labels", () => {
    const figures = new MetricsRegistry();
    figures.gauge("cohorts", 7);
    figures.count("gaps_total", 2, { reason: "evicted" });
    figures.count("gaps_total", 1, { reason: "other-epoch" });
    const status = statusDocument({
      version: "1.2.3",
      startedAtMs: Date.UTC(2026, 0, 1),
      nowMs: Date.UTC(2026, 0, 1, 0, 1),
      fronts: [],
      nodes: undefined,
      families: figures.families(),
    });
    expect(status).toEqual({
      version: "1.2.3",
      startedAt: "2026-01-01T00:00:00.000Z",
      uptimeSeconds: 60,
      links: [],
      nodes: [],
      workers: [],
      figures: {
        cohorts: 7,
        gaps_total: [
          { reason: "evicted", value: 2 },
          { reason: "other-epoch", value: 1 },
        ],
      },
    });
  });
});
