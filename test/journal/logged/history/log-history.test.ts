import { describe, expect, it } from "vitest";
import { parseMqttFilter } from "../../../../src/hub/filters/filter.js";
import type { HistoryRange, OlderEntries } from "../../../../src/hub/publications/history.js";
import { publicOnly } from "../../../../src/hub/publications/rights.js";
import type { StoredHistory } from "../../../../src/journal/journal.js";
import type { StoredRecord } from "../../../../src/journal/log/log.js";
import { before, waitFor } from "../../../support/wait-for.js";
import { LogReader, LogWorld } from "../log-world.js";
import { LoggedSite, publicationOf } from "../logged-site.js";

function rangeOf(history: StoredHistory, filter: string, after = 0): HistoryRange {
  return { filters: [parseMqttFilter(filter)], rights: publicOnly, after, upTo: history.head };
}

function pageOf(history: StoredHistory, range: HistoryRange): Promise<OlderEntries> {
  const pending = history.older?.(range, 1e6);
  if (pending === undefined) throw new Error("memory has all of the range");
  const page = new Promise<OlderEntries>((resolve) => void pending(resolve));
  return before(page, { within: 60_000, missing: "the page" });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A world whose log answers a read only when the test says so. */
class SlowWorld extends LogWorld {
  readonly reads: (() => void)[] = [];
  /** How many of the next reads fail. */
  failing = 0;

  constructor() {
    super({ topicEvents: 1 });
    const read = this.log.read.bind(this.log);
    this.log.read = async (after, maxBytes): Promise<readonly StoredRecord[]> => {
      await new Promise<void>((resolve) => void this.reads.push(resolve));
      if (this.failing === 0) return read(after, maxBytes);
      this.failing -= 1;
      throw new Error("the log does not answer");
    };
  }

  /** Publishes to some topics, twice each: memory evicts the first ones. */
  publishTwice(topics: readonly string[]): void {
    for (const data of ["old", "new"]) for (const topic of topics) this.publish([{ topics: [topic], data }]);
  }

  /** Answers the reads that wait. */
  async answer(): Promise<void> {
    await turn();
    for (const resolve of this.reads.splice(0)) resolve();
    await turn();
  }
}

describe("pages of the log of a journal", () => {
  it("lack what has expired, which nobody is told", async () => {
    const world = new LogWorld({ topicEvents: 1 });
    for (const ttl of [5, 60, undefined]) world.publish([{ topics: ["a"], data: "x", ttl }]);
    world.publish([{ topics: ["a"], data: "last" }]);
    const [first, ...others] = world.all.map(({ offset }) => offset);
    for (const [ms, wanted] of [
      [4999, [first, ...others]],
      [1, others],
    ] as const) {
      world.clock.advance(ms);
      const reader = new LogReader(world, { filters: ["a"], from: 0 });
      await reader.finish();
      expect([reader.got, reader.gaps]).toEqual([wanted, []]);
    }
  });

  it("have the entries that memory has evicted, with the event ids that they had", async () => {
    const site = await LoggedSite.open({ history: { topicEvents: 2 } });
    const { history } = site.journal;
    for (const [data, id] of [["1", "own"], ["2", "own"], ["3"], ["4"], ["5"]])
      await site.journal.append(publicationOf({ data, id }));
    const { entries, upTo } = await pageOf(history, rangeOf(history, "a"));
    const events = entries.map(({ id, publication: { data } }) => ({ id, data }));
    expect(events).toEqual(site.events.slice(0, 3));
    expect(events[0]?.id).toBe("own");
    expect(history.older(rangeOf(history, "a", upTo), 1000)).toBeUndefined();
    await site.journal.close();
  });

  it("leave out what was stored twice, and what a repeated Idempotency-Key published, also after a start", async () => {
    const site = await LoggedSite.open({ history: { topicEvents: 1 } });
    await site.publishOnce("key", "once");
    site.log.failNext("stored");
    await site.publish("stored");
    await site.journal.roomOnceUp();
    await site.publishOnce("key", "twice");
    await site.publish("last");
    await expectPublished(site);
    await site.journal.close();
    const again = await LoggedSite.open({ store: site.store, history: { topicEvents: 1 } });
    await expectPublished(again);
    await again.journal.close();

    async function expectPublished({ journal: { history } }: LoggedSite): Promise<void> {
      const { entries } = await pageOf(history, rangeOf(history, "#"));
      expect(entries.map(({ publication }) => publication.data)).toEqual(["once", "stored"]);
    }
  });
});

describe("readers behind the memory", () => {
  it("read at most four pages at a time, and others wait for them", async () => {
    const world = new SlowWorld();
    const topics = ["a", "b", "c", "d", "e", "f"];
    world.publishTwice(topics);
    const readers = topics.map((topic) => new LogReader(world, { filters: [topic], from: 0 }));
    for (const reader of readers) reader.step();
    await turn();
    expect([world.reads.length, world.history.pendingPages]).toEqual([4, 6]);
    await world.answer();
    await turn();
    expect([world.reads.length, world.history.pendingPages]).toEqual([2, 2]);
    await world.answer();
    await turn();
    expect(readers.map(({ isWaiting }) => isWaiting)).toEqual(topics.map(() => false));
    for (const reader of readers) reader.step();
    expect(readers.map(({ got }) => got.length)).toEqual(topics.map(() => 2));
  });

  it("rest for as long as a page took, at most 50 ms, so that other work gets half of the time", async () => {
    const world = new SlowWorld();
    const topics = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
    world.publishTwice(topics);
    for (const topic of topics) new LogReader(world, { filters: [topic], from: 0 }).step();
    await turn();
    world.clock.advance(20);
    await world.answer();
    world.clock.advance(19);
    await turn();
    expect([world.reads.length, world.history.pendingPages]).toEqual([0, 5]);
    world.clock.advance(1);
    await turn();
    expect([world.reads.length, world.history.pendingPages]).toEqual([4, 5]);
    world.clock.advance(3000);
    await world.answer();
    world.clock.advance(50);
    await turn();
    expect([world.reads.length, world.history.pendingPages]).toEqual([1, 1]);
  });

  it("share the read of a page, and one that leaves takes nobody along", async () => {
    const world = new SlowWorld();
    world.publishTwice(["a"]);
    const range = rangeOf(world.history, "a");
    const pages: OlderEntries[] = [];
    const ask = (): (() => void) | undefined =>
      world.history.older(range, 1000)?.((page) => pages.push(page));
    const [leave] = [ask(), ask(), ask()];
    leave?.();
    await turn();
    expect(world.reads.length).toBe(1);
    await world.answer();
    expect(pages.length).toBe(2);
    expect(pages[0]).toBe(pages[1]);
  });

  it("that leave in the middle end their read, and give their turn to the next", async () => {
    const world = new SlowWorld();
    const topics = ["a", "b", "c", "d", "e"];
    world.publishTwice(topics);
    const readers = topics.map((topic) => new LogReader(world, { filters: [topic], from: 0 }));
    for (const reader of readers) reader.step();
    for (const reader of readers.slice(0, 4)) reader.leave();
    await world.answer();
    await turn();
    expect([world.reads.length, world.history.pendingPages]).toEqual([1, 1]);
    await world.answer();
    await turn();
    expect(readers.map(({ got }) => got.length)).toEqual([0, 0, 0, 0, 1]);
    expect(world.history.pendingPages).toBe(0);
  });

  it("wait while the log cannot be read, and get the page later", async () => {
    const world = new SlowWorld();
    world.publishTwice(["a"]);
    world.failing = 2;
    const reader = new LogReader(world, { filters: ["a"], from: 0 });
    reader.step();
    for (let failures = 0; failures < 2; failures += 1) {
      await world.answer();
      expect(reader.isWaiting).toBe(true);
      world.clock.advance(1000);
    }
    await world.answer();
    expect([reader.isWaiting, reader.got.length]).toEqual([false, 1]);
    expect(world.clock.timers).toBe(0);
  });

  // Bug: each page of 64 KiB read 4 MiB of the log, so a reader that was far behind got 1 to 9 MiB for each second of
  // processor time.
  it.each([
    { records: "many small records", perRecord: 1 },
    { records: "few large records", perRecord: 300 },
  ])("read a few times as many bytes as they get, from $records", async ({ perRecord }) => {
    const world = new LogWorld({ topicEvents: 1 });
    const data = "x".repeat(2000);
    for (let count = 0; count < 1500; count += perRecord)
      world.publish(Array.from({ length: perRecord }, () => ({ topics: ["a"], data })));
    let readBytes = 0;
    const read = world.log.read.bind(world.log);
    world.log.read = async (after, maxBytes): Promise<readonly StoredRecord[]> => {
      const records = await read(after, maxBytes);
      for (const { payload } of records) readBytes += payload.length;
      return records;
    };
    const reader = new LogReader(world, { filters: ["a"], from: 0, maxBytes: 64 * 1024 });
    await reader.finish();
    expect(reader.got.length).toBe(1500);
    expect(readBytes).toBeLessThan(6 * world.log.bytesAfter(0));
  });

  // Bug: with a record, the log also forgot which of its publications no hub had applied. A page that had read the record
  // before delivered them.
  it("do not get what was never applied if the log removes it while they read", async () => {
    const world = new LogWorld({ topicEvents: 1 });
    world.publishSkipped([{ topics: ["a"], data: "skipped" }]);
    for (const data of ["1", "2", "3"]) world.publish([{ topics: ["a"], data }]);
    const read = world.log.read.bind(world.log);
    world.log.read = async (after, maxBytes): Promise<readonly StoredRecord[]> => {
      const records = await read(after, maxBytes);
      world.trim(1);
      world.history.older(rangeOf(world.history, "b"), 1000);
      return records;
    };
    const reader = new LogReader(world, { filters: ["a"], from: 0 });
    await reader.finish();
    expect(reader.got).toEqual(reader.wanted.map(({ offset }) => offset));
  });

  it("do not hold the event loop while a large record is decoded", async () => {
    const world = new LogWorld({ topicEvents: 1 });
    for (let record = 0; record < 2; record += 1)
      world.publish(Array.from({ length: 4000 }, () => ({ topics: ["a"], data: "x".repeat(100) })));
    // Each look at the clock is 0.1 ms later, so 20 publications take 2 ms: the time for pages in one turn.
    let turns = 0;
    let nowMs = 0;
    world.clock.monotonic = (): number => (nowMs += 0.1);
    world.clock.endOfTurn = (action): void => {
      turns += 1;
      setImmediate(action);
    };
    const reader = new LogReader(world, { filters: ["#"], from: 0, maxBytes: 1e7 });
    reader.step();
    await waitFor(() => !reader.isWaiting, { within: 60_000, missing: "the page" });
    expect(reader.got.length).toBe(7999);
    expect(turns).toBeGreaterThan(7999 / 20);
  });
});
