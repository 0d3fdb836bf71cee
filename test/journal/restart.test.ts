import { describe, expect, it } from "vitest";
import * as fc from "fast-check";
import { PharosError } from "../../src/base/errors.js";
import { silentMetrics } from "../../src/base/metrics.js";
import type { Entry } from "../../src/hub/publications/entry.js";
import { parseMqttFilter } from "../../src/hub/filters/filter.js";
import type { Epoch, Offset } from "../../src/hub/publications/position.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import type { Publication } from "../../src/hub/publications/publication.js";
import { RetainedValues } from "../../src/hub/publications/retained-values.js";
import type { Topic } from "../../src/hub/topics/topic.js";
import { defaultHistoryLimits } from "../../src/limits/history.js";
import type { HistoryLimits } from "../../src/limits/history.js";
import type { Deletion } from "../../src/journal/deletion.js";
import { EpochChain } from "../../src/journal/epoch-chain.js";
import { MemoryHistory } from "../../src/journal/memory/memory-history.js";
import { RetainedPart } from "../../src/journal/retained-part.js";
import type { SnapshotPart } from "../../src/journal/snapshot-part.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { everything } from "./memory/fixture.js";
import { savedItems } from "./saved-items.js";

const topics = ["a", "b", "c", "d", "p", "p/1", "p/2"] as Topic[];
const ids = ["x", "y", "z"];

type NamedItem = readonly [part: string, item: unknown];

/** The items of all parts as they are now. They may be read later. */
function saveParts(parts: readonly SnapshotPart[]): Iterable<NamedItem> {
  const saved = parts.map((part) => ({ name: part.name, items: savedItems(part) }));
  return (function* (): Generator<NamedItem, void> {
    for (const { name, items } of saved) for (const item of items) yield [name, item];
  })();
}

/** What a log has: a publication with its place, an eviction, or a deletion. */
type Logged =
  | { readonly delete: Deletion }
  | { readonly offset: Offset; readonly publication: Publication; readonly keepsId: boolean }
  | { readonly evict: Topic };

/** The state of a journal over a log. */
class State {
  readonly #clock = new VirtualClock();
  readonly epochs = EpochChain.of("log" as Epoch);
  readonly retained = new RetainedValues({ bytes: 4000 });
  readonly history: MemoryHistory;
  readonly entries: Entry[] = [];
  readonly parts: readonly SnapshotPart[];

  constructor(limits: Partial<HistoryLimits>, logStart = 0) {
    this.history = new MemoryHistory({
      epochs: this.epochs,
      clock: this.#clock,
      metrics: silentMetrics,
      limits: { ...defaultHistoryLimits, ...limits },
      presenceTopic: "p" as Topic,
      logStart: () => logStart,
    });
    this.parts = [this.epochs, ...this.history.parts, new RetainedPart(this.retained)];
  }

  apply(logged: Logged): void {
    if ("evict" in logged) {
      this.history.evictAll(logged.evict);
      return;
    }
    if ("delete" in logged) {
      this.history.delete(logged.delete);
      return;
    }
    const entry = this.history.take({ ...logged, atMs: this.#clock.now() });
    this.entries.push(entry);
    if (entry.publication.retain) this.retained.apply(entry);
  }

  /** Loads a snapshot, which lies at this offset. */
  load(offset: Offset, items: readonly NamedItem[]): void {
    this.history.beginAfter(offset);
    for (const [part, item] of JSON.parse(JSON.stringify(items)) as NamedItem[])
      this.parts.find(({ name }) => name === part)?.load(item);
  }

  /** @param published all publications so far */
  facts(published: readonly Entry[]): unknown {
    return {
      // A start knows less of what was deleted: it hides more offsets, but the same publications.
      items: [...saveParts(this.parts.filter(({ name }) => name !== "deleted"))],
      bytes: this.retained.bytes,
      counts: topics.map((topic) => this.history.countsOf(topic, everything)?.published),
      hidden: published.map(({ offset, publication }) =>
        publication.topics.filter((topic) => this.history.isHidden(topic, offset)),
      ),
      places: ids.flatMap((id) => [
        this.history.locate(id),
        ...topics.map((topic) => this.history.locateIn([topic], id)),
      ]),
    };
  }

  entriesAfter(offset: Offset): unknown {
    const after = this.entries.filter((entry) => entry.offset > offset);
    return after.map((entry) => [entry.offset, entry.id, entry.ordinal, entry.publication.data]);
  }
}

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topics: fc.uniqueArray(fc.constantFrom(...topics), { minLength: 1, maxLength: 3 }),
      id: fc.option(fc.constantFrom(...ids), { nil: undefined }),
      data: fc.constantFrom("", "x", "y".repeat(500)),
      private: fc.boolean(),
      retain: fc.boolean(),
      isNextRecord: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("evict" as const), topic: fc.constantFrom(...topics) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      topic: fc.constantFrom("a", "b", "c", "d"),
      /** How many publications before the newest one; undefined: all. */
      back: fc.option(fc.nat(5), { nil: undefined }),
    }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** The next thing in the log, with the place that a log would give. */
function logged(state: State, each: Step): Logged {
  if (each.kind === "evict") return { evict: each.topic };
  if (each.kind === "delete") return { delete: deletionOf(state, each) };
  const { kind: _publish, isNextRecord, ...input } = each;
  const { head } = state.history;
  const offset = isNextRecord ? (Math.floor(head / 4096) + 1) * 4096 : head + 1;
  const keepsId = input.id !== undefined && !state.history.ownsId(input.id);
  return { offset, publication: parsePublication(input), keepsId };
}

function deletionOf({ entries }: State, { topic: name, back }: Step & { readonly kind: "delete" }): Deletion {
  const topic = name as Topic;
  if (back === undefined) return { topic };
  const only = entries.filter(({ publication }) => publication.topics.includes(topic)).at(-1 - back);
  return only === undefined ? { topic } : { topic, only };
}

describe("the state after a start", () => {
  it.each<[string, Partial<HistoryLimits>]>([
    ["no limit", {}],
    ["few events a topic", { topicEvents: 2 }],
    ["few topics", { topics: 2 }],
    ["few ids", { ids: 2 }],
    ["little of everything", { topicEvents: 3, topics: 3, ids: 2, bytes: 3000 }],
  ])("is the state without a restart: %s", (_name, limits) => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60, size: "max" }),
        fc.nat(60),
        fc.nat(5),
        (steps, begin, perStep) => {
          const lasting = new State(limits);
          const items: NamedItem[] = [];
          const after: Logged[] = [];
          let saving: Iterator<NamedItem> | undefined;
          let from = 0;
          const save = (most: number): void => {
            for (let n = 0; n < most; n += 1) {
              const next = saving?.next();
              if (next === undefined || next.done === true) return;
              items.push(next.value);
            }
          };
          const start = (): void => {
            from = lasting.history.head;
            saving = saveParts(lasting.parts)[Symbol.iterator]();
          };
          steps.forEach((each, index) => {
            if (index === begin) start();
            const next = logged(lasting, each);
            lasting.apply(next);
            if (saving !== undefined) after.push(next);
            save(perStep);
          });
          if (saving === undefined) start();
          save(Infinity);
          const restarted = new State(limits);
          restarted.load(from, items);
          for (const each of after) restarted.apply(each);
          expect(restarted.facts(lasting.entries)).toEqual(lasting.facts(lasting.entries));
          expect(restarted.entriesAfter(0)).toEqual(lasting.entriesAfter(from));
          expect(restarted.history.head).toBe(Math.max(from, lasting.history.head));
        },
      ),
      { seed: 20_261_130, numRuns: 1000 },
    );
  });

  it("tells a loss to every reader from before the log, and to no other", () => {
    const [lasting, restarted] = [new State({}), new State({}, 3)];
    const take = (offset: Offset, topic: string): Logged => ({
      offset,
      publication: parsePublication({ topics: [topic] }),
      keepsId: false,
    });
    for (const each of [take(1, "a"), take(2, "b")]) lasting.apply(each);
    restarted.load(2, [...saveParts(lasting.parts)]);
    restarted.apply(take(4096, "a"));
    const isLost = (filter: string, after: Offset): boolean => {
      const range = { filters: [parseMqttFilter(filter)], rights: everything, after, upTo: 4096 };
      const { topics: named, more } = restarted.history.losses(range, 0);
      return more || named.length > 0;
    };
    for (const filter of ["a", "b", "c", "#", "+"])
      expect([0, 1, 2, 4096].map((after) => isLost(filter, after))).toEqual([true, true, false, false]);
  });

  it.each<[string, unknown]>([
    ["topics", { topic: "a" }],
    ["topics", { topic: "", open: 1, openAt: 1, private: 0, privateAt: 0 }],
    ["ids", { id: "x", at: 1, topics: [], private: false }],
    ["ids", { id: "x", at: 1, topics: ["a"], private: 0 }],
    ["retained", { at: 1, atMs: 1, eventId: "x", ordinal: 1, of: ["a"], topics: ["a"], private: false }],
    ["retained", []],
    ["deleted", { topic: "a" }],
    ["deleted", { topic: "a", offset: -1 }],
    ["deleted", { topic: "a", offset: 1, private: [] }],
    ["deleted", { topic: "a", upTo: 1, openAt: 1 }],
  ])("is not loaded from a damaged item: %s %j", (part, item) => {
    const { parts } = new State({});
    expect(() => parts.find(({ name }) => name === part)?.load(item)).toThrow(PharosError);
  });
});
