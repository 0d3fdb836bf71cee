import { describe, expect, it } from "vitest";
import { parseMqttFilter, parseTemplateFilter } from "../../src/hub/filter.js";
import type { TopicFilter } from "../../src/hub/filter.js";
import { isNothing } from "../../src/hub/history.js";
import type { Losses } from "../../src/hub/history.js";
import { parseEpoch } from "../../src/hub/position.js";
import type { Publication } from "../../src/hub/publication.js";
import { publicOnly } from "../../src/hub/rights.js";
import type { Rights } from "../../src/hub/rights.js";
import { parseHubTopic } from "../../src/hub/topic.js";
import { defaultHistoryLimits } from "../../src/journal/limits.js";
import type { HistoryLimits } from "../../src/journal/limits.js";
import { MemoryJournal } from "../../src/journal/memory-journal.js";
import { silentMetrics } from "../../src/metrics.js";
import { VirtualClock } from "../support/virtual-clock.js";

const epoch = parseEpoch("test");
const shared = parseHubTopic("/who");
const watcher: Rights = {
  key: "who",
  readsPrivate: true,
  mayReadTopic: (topic) => topic.startsWith("/who/"),
};
const other: Rights = { key: "other", readsPrivate: true, mayReadTopic: (topic) => topic === "news" };

class Fixture {
  readonly journal: MemoryJournal;

  constructor(limits: Partial<HistoryLimits> = {}) {
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    const clock = new VirtualClock();
    this.journal = new MemoryJournal({
      epoch,
      clock,
      metrics: silentMetrics,
      limits: { ...defaultHistoryLimits, ...limits },
      shared,
    });
  }

  publish(topics: string): number {
    return this.journal.append(publicationOn(topics)).offset;
  }

  lose(topics: string): void {
    this.journal.lose(publicationOn(topics));
  }

  read(filter: TopicFilter, after = 0, rights = watcher): number[] {
    const offsets: number[] = [];
    const range = { filters: [filter], rights, after, upTo: this.journal.head };
    this.journal.read(range, (entry) => offsets.push(entry.offset) > 0);
    return offsets;
  }

  losses(filter: TopicFilter, after: number, rights = watcher): Losses | undefined {
    const range = { filters: [filter], rights, after, upTo: this.journal.head };
    const { topics, more } = this.journal.losses(range, 0);
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
    expect(fixture.journal.topicCount).toBe(2);
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
    const holds = (offset: number): boolean => fixture.journal.holds(parseHubTopic("/who/a"), offset);
    expect([holds(1), holds(2)]).toEqual([false, true]);
  });

  it("tell their losses to those who may have read them, and whose filters may match", () => {
    const fixture = new Fixture({ topicEvents: 1 });
    for (const topic of ["/who/a", "/who/b", "/who/c"]) fixture.publish(topic);
    const told = { topics: [{ topic: "/who", missedAtMost: 2 }], more: false };
    expect(fixture.losses(everybody, 0)).toEqual(told);
    expect(fixture.losses(exactly("/who/z"), 0)).toEqual(told);
    expect(fixture.losses(everybody, 0, publicOnly)).toBeUndefined();
    expect(fixture.losses(everybody, 0, other)).toBeUndefined();
    expect(fixture.losses(parseMqttFilter("news/#"), 0)).toBeUndefined();
  });
});

describe("a publication that is lost at once", () => {
  it("takes its position, and is told to those who come back from before it", () => {
    const fixture = new Fixture();
    fixture.publish("/who/a");
    for (const id of ["b", "c"]) fixture.lose(`/who/${id}`);
    fixture.publish("/who/d");
    expect(fixture.read(everybody)).toEqual([1, 4]);
    expect(fixture.losses(everybody, 1)?.topics).toEqual([{ topic: "/who", missedAtMost: 2 }]);
    expect(fixture.losses(everybody, 2)?.topics).toEqual([{ topic: "/who", missedAtMost: 1 }]);
    expect(fixture.losses(everybody, 3)).toBeUndefined();
    expect(fixture.losses(exactly("news"), 0)).toBeUndefined();
  });

  it("is told of a topic that has nothing else, and bounds the topics", () => {
    const fixture = new Fixture({ topics: 2 });
    fixture.lose("news");
    expect(fixture.losses(exactly("news"), 0, publicOnly)?.topics).toEqual([
      { topic: "news", missedAtMost: 1 },
    ]);
    for (const topic of ["a", "b", "c"]) fixture.lose(topic);
    expect(fixture.journal.topicCount).toBe(2);
    expect(fixture.losses(exactly("news"), 0, publicOnly)).toMatchObject({ topics: [], more: true });
  });

  it("is told to all readers when many different ones were lost, but not by name", () => {
    const fixture = new Fixture();
    for (let id = 0; id < 100; id += 1) fixture.lose(`/who/${id}`);
    const one: Rights = { ...watcher, key: "one", mayReadTopic: (topic) => topic === "/who/5" };
    expect(fixture.losses(exactly("/who/5"), 0, one)).toMatchObject({ topics: [], more: true });
    expect(fixture.losses(exactly("news"), 0, other)).toBeUndefined();
  });
});
