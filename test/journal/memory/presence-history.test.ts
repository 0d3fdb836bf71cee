import { describe, expect, it } from "vitest";
import { parseMqttFilter, parseTemplateFilter } from "../../../src/hub/filters/filter.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import type { TopicFilter } from "../../../src/hub/filters/filter.js";
import { isNothing } from "../../../src/hub/publications/history.js";
import type { Losses } from "../../../src/hub/publications/history.js";
import { parseEpoch } from "../../../src/hub/publications/position.js";
import type { Publication } from "../../../src/hub/publications/publication.js";
import { publicOnly } from "../../../src/hub/publications/rights.js";
import type { Rights } from "../../../src/hub/publications/rights.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import { MemoryJournal } from "../../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const epoch = parseEpoch("test");
const presenceTopic = parseHubTopic("/who");
const watcher: Rights = {
  key: "who",
  readsPrivate: true,
  mayReadTopic: (topic) => topic.startsWith("/who/"),
  mayReadBelow: (parent) => parent === "/who",
};
const other: Rights = {
  key: "other",
  readsPrivate: true,
  mayReadTopic: (topic) => topic === "news",
  mayReadBelow: () => false,
};

class Fixture {
  readonly journal: MemoryJournal;

  constructor(limits: Partial<HistoryLimits> = {}) {
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    const clock = new VirtualClock();
    this.journal = new MemoryJournal({
      epochs: EpochChain.of(epoch),
      clock,
      metrics: silentMetrics,
      limits: { ...defaultHistoryLimits, ...limits },
      presenceTopic,
    });
  }

  publish(topics: string): number {
    return this.journal.append(publicationOn(topics)).offset;
  }

  read(filter: TopicFilter, after = 0, rights = watcher): number[] {
    const offsets: number[] = [];
    const range = { filters: [filter], rights, after, upTo: this.journal.history.head };
    this.journal.history.read(range, (entry) => offsets.push(entry.offset) > 0);
    return offsets;
  }

  losses(filter: TopicFilter, after: number, rights = watcher): Losses | undefined {
    const range = { filters: [filter], rights, after, upTo: this.journal.history.head };
    const { topics, more } = this.journal.history.losses(range, 0);
    return isNothing({ topics, more }) ? undefined : { topics, more };
  }
}

function publicationOn(topics: string): Publication {
  const [first = parseHubTopic("none"), ...others] = topics.split(" ").map((topic) => parseHubTopic(topic));
  return { topics: [first, ...others], data: "x", retain: false, private: first.startsWith("/who/") };
}

const exactly = (topic: string): TopicFilter => ({ kind: "exact", text: topic, topic: parseHubTopic(topic) });
const everybody = parseTemplateFilter("/who/{id}");

describe("topics that share a history", () => {
  it("evict one another and nobody else", () => {
    const fixture = new Fixture({ topics: 3, topicEvents: 10 });
    fixture.publish("news");
    for (let id = 0; id < 100; id += 1) fixture.publish(`/who/${id}`);
    expect(fixture.journal.history.topicCount).toBe(2);
    expect(fixture.read(exactly("news"))).toEqual([1]);
    expect(fixture.read(everybody)).toEqual([92, 93, 94, 95, 96, 97, 98, 99, 100, 101]);
  });

  it("are read apart, also by those who follow one of them", () => {
    const fixture = new Fixture();
    for (const topic of ["/who/a", "/who/b", "news", "/who/a /who/b"]) fixture.publish(topic);
    expect(fixture.read(exactly("/who/a"))).toEqual([1, 4]);
    expect(fixture.read(exactly("/who/b"), 2)).toEqual([4]);
    expect(fixture.read(exactly("/who"))).toEqual([]);
    expect(fixture.read(everybody)).toEqual([1, 2, 4]);
  });

  it("hold what is there for each of them", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    fixture.publish("/who/a");
    fixture.publish("/who/b");
    const holds = (offset: number): boolean => fixture.journal.history.holds(parseHubTopic("/who/a"), offset);
    expect([holds(1), holds(2)]).toEqual([false, true]);
  });

  it("tell that something is lost to those who may read some of them, and neither what nor how much", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (const topic of ["/who/a", "/who/b", "/who/c"]) fixture.publish(topic);
    const told = { topics: [], more: true };
    expect(fixture.losses(everybody, 0)).toMatchObject(told);
    expect(fixture.losses(exactly("/who/z"), 0)).toMatchObject(told);
    expect(fixture.losses(everybody, 2)).toBeUndefined();
    expect(fixture.losses(everybody, 0, publicOnly)).toBeUndefined();
    expect(fixture.losses(everybody, 0, other)).toBeUndefined();
    expect(fixture.losses(parseMqttFilter("news/#"), 0)).toBeUndefined();
  });

  it("have a limit of their own in bytes", () => {
    const fixture = new Fixture({ sharedBytes: 1000 });
    for (let id = 0; id < 10; id += 1) fixture.publish(`/who/${id}`);
    for (let id = 0; id < 10; id += 1) fixture.publish("news");
    expect(fixture.read(everybody)).toEqual([9, 10]);
    expect(fixture.read(exactly("news"))).toHaveLength(10);
  });

  it("are not forgotten when there are too many others", () => {
    const fixture = new Fixture({ topics: 2 });
    fixture.publish("/who/a");
    for (const topic of ["a", "b", "c"]) fixture.publish(topic);
    expect(fixture.read(everybody)).toEqual([1]);
  });

  it("can be evicted, which is told to whoever comes back from before", () => {
    const fixture = new Fixture();
    fixture.publish("/who/a");
    fixture.publish("news");
    const last = fixture.publish("/who");
    fixture.journal.evictAll(presenceTopic);
    expect(fixture.read(everybody)).toEqual([]);
    expect(fixture.losses(everybody, last - 1)).toMatchObject({ topics: [], more: true });
    expect(fixture.losses(everybody, last)).toBeUndefined();
    expect(fixture.losses(exactly("news"), 0, other)).toBeUndefined();
    fixture.publish("/who/b");
    expect(fixture.read(everybody)).toEqual([4]);
  });
});
