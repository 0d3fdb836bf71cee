import { describe, expect, it } from "vitest";
import { silentMetrics } from "../../../src/base/metrics.js";
import { parseMqttFilter } from "../../../src/hub/filters/filter.js";
import type { Epoch } from "../../../src/hub/publications/position.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import type { Rights } from "../../../src/hub/publications/rights.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import { MemoryHistory } from "../../../src/journal/memory/memory-history.js";
import { VirtualClock } from "../../support/virtual-clock.js";
import { everything } from "./fixture.js";

const unknownId = { kind: "lost", reason: "unknown-id" };

class Window {
  readonly clock = new VirtualClock();
  readonly epochs = EpochChain.of("log" as Epoch);
  readonly history: MemoryHistory;

  /** The oldest offset of the log; Infinity without a log. */
  logStart: number;

  constructor(limits: Partial<HistoryLimits> = {}, logStart = 1) {
    this.logStart = logStart;
    this.history = new MemoryHistory({
      epochs: this.epochs,
      clock: this.clock,
      metrics: silentMetrics,
      limits: { ...defaultHistoryLimits, ...limits },
      logStart: () => this.logStart,
    });
  }

  /** Takes a publication, and returns its event id. */
  take(
    offset: number,
    topics: string,
    more: { id?: string; keepsId?: boolean; private?: boolean } = {},
  ): string {
    const { keepsId, ...input } = more;
    const publication = parsePublication({ topics: topics.split(" "), data: "x", ...input });
    const atMs = this.clock.now();
    return this.history.take({ offset, atMs, publication, ...(keepsId === undefined ? {} : { keepsId }) }).id;
  }

  isLost(filter: string, after: number, rights: Rights = publicOnly): boolean {
    const range = { filters: [parseMqttFilter(filter)], rights, after, upTo: this.history.head };
    const { topics, more } = this.history.losses(range, 0);
    return more || topics.length > 0;
  }
}

describe("a history that begins behind a log", () => {
  // The number was the distance of two offsets, which leave out up to 4,095 numbers for each record of a log.
  it("names a topic with losses without a number, if some may lie before its begin", () => {
    const window = new Window({ topicEvents: 1 });
    window.history.beginAfter(8191);
    for (const offset of [8192, 12_288, 16_384]) window.take(offset, "a");
    window.logStart = 16_384;
    const topicsAfter = (after: number) => {
      const range = { filters: [parseMqttFilter("a")], rights: publicOnly, after, upTo: 16_384 };
      return window.history.losses(range, 0).topics;
    };
    expect(topicsAfter(4096)).toEqual([{ topic: "a" }]);
    expect(topicsAfter(8191)).toEqual([{ topic: "a", missedAtMost: 2 }]);
  });

  it("has lost everything up to there that the log no longer has, in every topic, and nothing after", () => {
    const window = new Window();
    window.history.beginAfter(8000);
    expect(window.history.head).toBe(8000);
    expect(window.history.locate("#log:8000")).toEqual({ kind: "at", offset: 8000 });
    for (const offset of [8192, 8193, 12_288]) window.take(offset, `t${offset}`);
    expect(window.isLost("#", 0, everything)).toBe(false);
    window.logStart = 8001;
    for (const filter of ["never", "t8192", "#", "t12288"])
      for (const rights of [publicOnly, everything])
        expect([7999, 8000, 8192].map((after) => window.isLost(filter, after, rights))).toEqual([
          true,
          false,
          false,
        ]);
  });

  it("gives the entries of an earlier epoch the ids that they had", () => {
    const window = new Window();
    window.history.beginAfter(8000);
    window.epochs.begin("next" as Epoch, 12_287);
    expect([8192, 12_288].map((offset) => window.take(offset, "t"))).toEqual(["#log:8192", "#next:12288"]);
    expect(window.history.locate("#log:12287")).toEqual({ kind: "at", offset: 12_287 });
    expect(window.history.locate("#log:12288")).toEqual({ kind: "lost", reason: "other-epoch" });
    expect(window.history.locate("#next:12289")).toEqual(unknownId);
  });
});

describe("what memory has evicted", () => {
  it("is lost once the log has removed it, and at once if the log had removed it before", () => {
    const window = new Window({ topicEvents: 1 });
    for (const offset of [5, 6, 7]) window.take(offset, "a");
    expect(window.isLost("a", 4)).toBe(false);
    window.logStart = 6;
    expect([window.isLost("a", 4), window.isLost("a", 5), window.isLost("b", 4)]).toEqual([
      true,
      false,
      false,
    ]);
    window.logStart = 8;
    expect([window.isLost("a", 5), window.isLost("a", 6)]).toEqual([true, false]);
    window.take(8, "a");
    expect([window.isLost("a", 6), window.isLost("a", 7)]).toEqual([true, false]);
  });

  it("is told again only if the log has removed more", () => {
    const window = new Window({ topicEvents: 1 });
    for (const offset of [5, 6, 7]) window.take(offset, "a");
    window.logStart = 6;
    const range = { filters: [parseMqttFilter("a")], rights: publicOnly, after: 4, upTo: 7 };
    const { asOf } = window.history.losses(range, 0);
    expect(window.history.losses(range, asOf).topics).toEqual([]);
    window.logStart = 7;
    expect(window.history.losses(range, asOf).topics).toEqual([{ topic: "a", missedAtMost: 2 }]);
  });

  it("is lost although the log has it, if the topic was evicted as a whole", () => {
    const window = new Window();
    for (const offset of [5, 6, 7]) window.take(offset, offset === 6 ? "b" : "a");
    const { topics } = parsePublication({ topics: ["a"] });
    window.history.evictAll(topics[0]);
    window.take(8, "a");
    expect([4, 6, 7].map((after) => window.isLost("a", after))).toEqual([true, true, false]);
    expect(window.isLost("b", 4)).toBe(false);
    expect([7, 8].map((offset) => window.history.isHidden(topics[0], offset))).toEqual([true, false]);
  });

  it.each(["a", "a b", "+", "#"])("ends at the newest evicted entry of the filters %s", (filters) => {
    const window = new Window({ topicEvents: 2 });
    for (let offset = 1; offset <= 6; offset += 1) window.take(offset, offset % 2 === 0 ? "c/d" : "a");
    const range = {
      filters: filters.split(" ").map((text) => parseMqttFilter(text)),
      rights: publicOnly,
      upTo: 6,
    };
    const last = filters === "#" ? 2 : 1;
    expect(window.history.evictedUpTo({ ...range, after: 0 })).toBe(last);
    expect(window.history.evictedUpTo({ ...range, after: last })).toBeLessThanOrEqual(last);
  });
});

describe("the age of entries", () => {
  const minuteMs = 60_000;
  const at = (window: Window, offset: number, atMs: number): void =>
    void window.history.take({ offset, atMs, publication: parsePublication({ topics: ["a"] }) });
  const held = (window: Window): number[] => {
    const offsets: number[] = [];
    const range = {
      filters: [parseMqttFilter("a")],
      rights: publicOnly,
      after: 0,
      upTo: window.history.head,
    };
    window.history.losses(range, 0);
    window.history.read(range, (entry) => offsets.push(entry.offset) > 0);
    return offsets;
  };

  it.each([
    ["ahead of this clock", 10],
    ["behind this clock", -10],
  ])("counts in the time of the log, which is %s", (_name, minutes) => {
    const window = new Window({ ageSeconds: 3600 });
    const startMs = window.clock.now() + minutes * minuteMs;
    at(window, 1, startMs);
    at(window, 2, startMs + 59 * minuteMs);
    window.clock.advance(Math.min(49, 59 + minutes) * minuteMs);
    expect(held(window)).toEqual([1, 2]);
    at(window, 3, startMs + 61 * minuteMs);
    window.clock.advance(Math.max(0, -2 * minutes) * minuteMs);
    expect(held(window)).toEqual([2, 3]);
  });

  it("goes on while nothing is published", () => {
    const window = new Window({ ageSeconds: 3600 });
    at(window, 1, window.clock.now());
    window.clock.advance(61 * minuteMs);
    expect(held(window)).toEqual([]);
  });
});

describe("an own id", () => {
  it("is the event id if the record says so, also for the second entry; it locates the first", () => {
    const window = new Window();
    expect(window.take(5, "a", { id: "x", keepsId: true })).toBe("x");
    expect(window.take(9, "a", { id: "x", keepsId: true })).toBe("x");
    expect(window.history.locate("x")).toEqual({ kind: "at", offset: 5 });
  });

  it("is not the event id if the record says so, although memory does not know the earlier entry", () => {
    const window = new Window();
    expect(window.take(5, "a", { id: "x", keepsId: false })).toBe("#log:5");
    expect(window.history.ownsId("x")).toBe(false);
    expect(window.history.locate("x")).toEqual(unknownId);
    expect(window.history.locateIn(parsePublication({ topics: ["a"] }).topics, "x")).toEqual({
      kind: "at",
      offset: 5,
    });
  });

  it("stays known when the entry leaves the memory, to those who may read the entry, until the log drops it", () => {
    const window = new Window({ topicEvents: 1 });
    window.take(5, "a b", { id: "x", private: true });
    window.take(6, "a b", { id: "y" });
    window.take(7, "a b");
    expect([window.history.ownsId("x"), window.history.ownsId("y")]).toEqual([true, true]);
    expect(window.history.locate("x", everything)).toEqual({ kind: "at", offset: 5 });
    expect(window.history.locate("x")).toEqual(unknownId);
    expect(window.history.locate("y")).toEqual({ kind: "at", offset: 6 });
    window.logStart = 6;
    expect([window.history.ownsId("x"), window.history.ownsId("y")]).toEqual([false, true]);
  });

  it("of an entry in memory stays known, even if the log has dropped the entry", () => {
    const window = new Window();
    window.take(5, "a", { id: "x" });
    window.logStart = 100;
    expect(window.history.locate("x")).toEqual({ kind: "at", offset: 5 });
  });

  it("without a log, is forgotten with its entry", () => {
    const window = new Window({ topicEvents: 1 }, Infinity);
    window.take(5, "a", { id: "x" });
    window.take(7, "a");
    expect(window.history.locate("x")).toEqual(unknownId);
  });
});
