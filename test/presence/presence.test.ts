import { describe, expect, it } from "vitest";
import { parseExactFilter, parseTemplateFilter } from "../../src/hub/filters/filter.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import type { TopicFilter } from "../../src/hub/filters/filter.js";
import type { Format } from "../../src/hub/publications/format.js";
import { Hub } from "../../src/hub/hub.js";
import type { Cohort } from "../../src/hub/cohort.js";
import { parseEpoch } from "../../src/hub/publications/position.js";
import type { Publication } from "../../src/hub/publications/publication.js";
import { publicOnly } from "../../src/hub/publications/rights.js";
import type { Rights } from "../../src/hub/publications/rights.js";
import { MemoryJournal } from "../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../src/base/metrics.js";
import type { CounterName } from "../../src/base/metrics.js";
import { parseSubscription, subscriptionsTopic } from "../../src/presence/documents.js";
import { soleNode } from "../../src/presence/presence-nodes.js";
import { Presence } from "../../src/presence/presence.js";
import type { Subscriber } from "../../src/presence/subscriber.js";
import { idOf, nameOf, testNode } from "./subscriber-names.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { savedItems } from "../journal/saved-items.js";

const epoch = parseEpoch("test");
const everybody = parseTemplateFilter(`${subscriptionsTopic}/{type}/{match}/{subscriber}`);
const everything: Rights = {
  key: "all",
  readsPrivate: true,
  mayReadTopic: () => true,
  mayReadBelow: () => true,
};

const format: Format = {
  name: "test",
  event: ({ publication }) => Buffer.from(publication.data),
  retained: () => Buffer.alloc(0),
  position: () => Buffer.alloc(0),
  heartbeat: () => Buffer.alloc(0),
  gap: () => Buffer.alloc(0),
};

class Fixture {
  readonly clock: VirtualClock;
  readonly counts = new Map<CounterName, number>();
  readonly published: Publication[] = [];
  readonly journal: MemoryJournal;
  readonly hub: Hub;
  readonly presence: Presence;

  constructor(deliveriesPerSecond = 1_000_000, clock = new VirtualClock()) {
    this.clock = clock;
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    const metrics = {
      ...silentMetrics,
      count: (name: CounterName, by = 1) => void this.counts.set(name, (this.counts.get(name) ?? 0) + by),
    };
    this.journal = new MemoryJournal({
      epochs: EpochChain.of(epoch),
      clock,
      metrics,
      presenceTopic: subscriptionsTopic,
    });
    this.hub = new Hub({ history: this.journal.history, clock, presenceTopic: subscriptionsTopic });
    this.journal.follow({
      apply: (entry) => {
        this.published.push(entry.publication);
        this.hub.apply(entry);
        this.presence.apply(entry);
      },
    });
    this.presence = new Presence({
      nodes: soleNode(testNode),
      journal: this.journal,
      clock,
      metrics,
      limits: { subscriptionDeliveries: deliveriesPerSecond },
    });
    this.journal.keep(this.presence);
  }

  /** Joins this number of connections with this filter. */
  watch(filter: TopicFilter, connections = 1, rights = everything): Cohort {
    const outlet = { name: "test", wake: () => undefined };
    let cohort = this.hub.join(outlet, { format, filters: [filter], rights });
    cohort.listen(true);
    for (let more = 1; more < connections; more += 1)
      cohort = this.hub.join(outlet, { format, filters: [filter], rights });
    return cohort;
  }

  /** The events since the last call: `+a` for the start of subscriber a, `-a` for its end, or `gap`. */
  readonly told = (): readonly string[] => this.published.splice(0).map(sentence);
}

function sentence({ type, data }: Publication): string {
  if (type === "pharos-gap") return "gap";
  const { active, subscriber } = parseSubscription(data);
  return `${active ? "+" : "-"}${nameOf(subscriber)}`;
}

function subscriber(name: string, ...texts: string[]): Subscriber {
  const matchers = (texts.length === 0 ? ["news"] : texts).map((text) => ({ type: "exact", text }));
  return { id: idOf(name), matchers, payloadFor: () => undefined };
}

function received(cohort: Cohort): string {
  return cohort.nextBatch(1_000_000)?.body.toString() ?? "";
}

/** A clock that advances with each reading. */
class BusyClock extends VirtualClock {
  #lookedMs = 0;

  override monotonic(): number {
    this.#lookedMs += 1;
    return super.monotonic() + this.#lookedMs;
  }
}

it("tells the ends of an earlier run, once, when the journal is open", () => {
  const earlier = new Fixture();
  const { presence, clock, told } = new Fixture();
  for (const name of ["a", "b", "c"])
    earlier.presence.enter({ ...subscriber(name), id: idOf(name, "00000000000b") });
  earlier.clock.runEndOfTurn();
  for (const item of savedItems(earlier.presence)) presence.load(item);
  clock.advance(1000);
  expect(told()).toEqual([]);
  presence.begin();
  presence.enter(subscriber("d"));
  clock.advance(1000);
  expect(told()).toEqual(["+d", "-a", "-b", "-c"]);
  expect([...presence.active.all()].map(({ document }) => nameOf(document.subscriber))).toEqual(["d"]);
});

describe("subscriptions that begin and end", () => {
  it("are told at the end of the turn when nothing was told just before", () => {
    const { presence, clock, told } = new Fixture();
    presence.enter(subscriber("a"));
    expect(told()).toEqual([]);
    clock.runEndOfTurn();
    expect(told()).toEqual(["+a"]);
  });

  it("are told with all that has changed in 100 ms, in order", () => {
    const { presence, clock, told } = new Fixture();
    const leave = presence.enter(subscriber("a"));
    clock.advance(1);
    leave();
    presence.enter(subscriber("b", "news", "sport"));
    clock.advance(98);
    expect(told()).toEqual(["+a"]);
    clock.advance(1);
    expect(told()).toEqual(["-a", "+b", "+b"]);
  });

  it("are told to nobody when they end before they were told", () => {
    const { presence, clock, told } = new Fixture();
    presence.enter(subscriber("a"))();
    clock.advance(1000);
    expect(told()).toEqual([]);
    expect(presence.active.size).toBe(0);
  });

  it("are private publications on their own topics of both forms, with what the token says", () => {
    const { presence, clock, published } = new Fixture();
    const payloadFor = (matcher: string): unknown => ({ of: matcher });
    presence.enter({ ...subscriber("ada", "a/b*"), payloadFor });
    clock.advance(0);
    expect(published).toEqual([
      {
        topics: [
          "/.well-known/mercure/subscriptions/exact/a%2Fb%2A/urn%3Auuid%3A00000000-000a-8000-8000-6164615f5f5f",
          "/.well-known/mercure/subscriptions/a%2Fb%2A/urn%3Auuid%3A00000000-000a-8000-8000-6164615f5f5f",
        ],
        type: "mercure",
        data: JSON.stringify({
          id: "/.well-known/mercure/subscriptions/exact/a%2Fb%2A/urn%3Auuid%3A00000000-000a-8000-8000-6164615f5f5f",
          type: "subscription",
          match_type: "exact",
          match: "a/b*",
          subscriber: idOf("ada"),
          active: true,
          payload: { of: "a/b*" },
        }),
        retain: false,
        private: true,
      },
    ]);
  });

  it("are active from when they were told until their end is told", () => {
    const { presence, clock } = new Fixture();
    const leave = presence.enter(subscriber("a", "news", "sport"));
    expect(presence.active.size).toBe(0);
    clock.advance(0);
    expect(presence.active.size).toBe(2);
    leave();
    expect(presence.active.size).toBe(2);
    clock.advance(100);
    expect(presence.active.size).toBe(0);
  });

  it("are not told any more when the hub stops", () => {
    const { presence, clock, told } = new Fixture();
    const leave = presence.enter(subscriber("a"));
    clock.advance(0);
    told();
    presence.close();
    leave();
    presence.enter(subscriber("b"));
    clock.advance(1000);
    expect(told()).toEqual([]);
  });

  it("leave the event loop to others: after 10 ms of a storm these get four times as long", () => {
    const clock = new BusyClock();
    const { presence, published } = new Fixture(1_000_000, clock);
    for (let id = 0; id < 40; id += 1) presence.enter(subscriber(String(id)));
    clock.runEndOfTurn();
    // The clock advances by a millisecond with each reading here.
    expect(published.length).toBeLessThan(10);
    clock.advance(30);
    expect(published.length).toBeLessThan(10);
    clock.advance(1000);
    expect(published).toHaveLength(40);
  });

  it("of a stream with many matchers are told one by one, and listed as far as they were told", () => {
    const clock = new BusyClock();
    const { presence, published } = new Fixture(1_000_000, clock);
    presence.enter(subscriber("a", ...Array.from({ length: 40 }, (_, index) => `topic ${index}`)));
    clock.runEndOfTurn();
    expect(published.length).toBeLessThan(10);
    expect(presence.active.size).toBe(published.length);
  });
});

describe("more changes than their watchers can be told of", () => {
  it("wait for the budget, which an event takes once for each connection that it goes to", () => {
    const fixture = new Fixture(100);
    const { presence, clock, told } = fixture;
    fixture.watch(everybody, 50);
    for (const id of ["a", "b", "c", "d", "e"]) presence.enter(subscriber(id));
    clock.advance(0);
    expect(told()).toEqual(["+a", "+b"]);
    clock.advance(1000);
    expect(told()).toEqual(["+c", "+d"]);
    clock.advance(1000);
    expect(told()).toEqual(["+e"]);
  });

  it("cost nothing where nobody watches", () => {
    const { presence, clock, told } = new Fixture(1);
    for (let id = 0; id < 500; id += 1) presence.enter(subscriber(String(id)));
    clock.advance(0);
    expect(told()).toHaveLength(500);
  });

  it("are lost after 2 s, all that wait, and told as one gap", () => {
    const fixture = new Fixture(100);
    const { presence, clock, told, counts } = fixture;
    const watchers = fixture.watch(everybody, 1000);
    for (let id = 0; id < 3000; id += 1) presence.enter(subscriber(String(id)));
    clock.advance(2000);
    expect(told()).toEqual(["+0"]);
    clock.advance(1000);
    expect(told()).toEqual(["gap"]);
    expect(counts.get("subscription_events_lost_total")).toBe(2999);
    expect(presence.active.size).toBe(3000);
    expect(received(watchers)).toContain('{"reason":"too-many-changes","topics":[],"more":true}');
  });

  it("are told as a gap to all who follow and may read any subscription, and to nobody else", () => {
    const fixture = new Fixture(1);
    const { presence, clock } = fixture;
    const narrow = parseExactFilter(`${subscriptionsTopic}/exact/news/b`);
    const cohorts = {
      wide: fixture.watch(everybody, 1000),
      narrow: fixture.watch(narrow),
      stranger: fixture.watch(everybody, 1, publicOnly),
      reader: fixture.watch(parseExactFilter("news")),
      exact: fixture.watch(parseExactFilter(subscriptionsTopic)),
    };
    for (const id of ["first", "a", "b", "c"]) presence.enter(subscriber(id));
    clock.advance(3000);
    const told = Object.entries(cohorts).filter(([, cohort]) => received(cohort).includes("too-many"));
    expect(told.map(([name]) => name)).toEqual(["wide", "narrow"]);
  });

  it("are told as a loss to whoever comes back from before the gap, and nothing older is replayed", () => {
    const fixture = new Fixture(1);
    const { presence, clock, journal } = fixture;
    fixture.watch(everybody, 1000);
    for (const id of ["first", "a", "b", "c"]) presence.enter(subscriber(id));
    clock.advance(0);
    const after = journal.history.head;
    clock.advance(3000);
    const range = { filters: [everybody], rights: everything, after, upTo: journal.history.head };
    expect(journal.history.losses(range, 0)).toMatchObject({ topics: [], more: true });
    expect(journal.history.losses({ ...range, after: journal.history.head }, 0)).toMatchObject({
      more: false,
    });
    const replayed: unknown[] = [];
    journal.history.read({ ...range, after: 0 }, (entry) => replayed.push(entry) > 0);
    expect(replayed).toEqual([]);
  });

  it("are told one by one again when they have become fewer", () => {
    const fixture = new Fixture(100);
    const { presence, clock, told } = fixture;
    fixture.watch(everybody, 100);
    for (let id = 0; id < 50; id += 1) presence.enter(subscriber(String(id)));
    clock.advance(4000);
    expect(told().at(-1)).toBe("gap");
    presence.enter(subscriber("late"));
    clock.advance(100);
    expect(told()).toEqual(["+late"]);
  });
});
