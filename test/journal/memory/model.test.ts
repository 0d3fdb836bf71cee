import * as fc from "fast-check";
import { expect, it } from "vitest";
import { matchesFilter, parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { parseTopic } from "../../../src/hub/topics/topic.js";
import { EpochChain } from "../../../src/journal/epoch-chain.js";
import type { TopicFilter } from "../../../src/hub/filters/filter.js";
import type { Losses } from "../../../src/hub/publications/history.js";
import { parseEpoch } from "../../../src/hub/publications/position.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import type { Publication } from "../../../src/hub/publications/publication.js";
import type { Rights } from "../../../src/hub/publications/rights.js";
import { mayRead, publicOnly } from "../../../src/hub/publications/rights.js";
import { defaultHistoryLimits } from "../../../src/limits/history.js";
import type { HistoryLimits } from "../../../src/limits/history.js";
import { MemoryJournal } from "../../../src/journal/memory/memory-journal.js";
import { silentMetrics } from "../../../src/base/metrics.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const everything: Rights = {
  key: "all",
  readsPrivate: true,
  mayReadTopic: () => true,
  mayReadBelow: () => true,
};
const some: Rights = {
  key: "some",
  readsPrivate: true,
  mayReadTopic: (topic) => topic === "a" || topic === "a/b",
  mayReadBelow: () => true,
};

interface Kept {
  readonly offset: number;
  readonly publication: Publication;
  readonly bytes: number;
  readonly atMs: number;
  /** The topics whose history holds the entry. */
  readonly in: Set<string>;
}

/** The same limits in a simple implementation: one list. The implementation searches the list from end to end. */
class NaiveJournal {
  readonly all: Kept[] = [];
  readonly topics = new Map<string, number>();
  readonly #limits: HistoryLimits;

  constructor(limits: HistoryLimits) {
    this.#limits = limits;
  }

  append(kept: Kept): void {
    this.all.push(kept);
    for (const topic of kept.in) {
      // The code deletes the topic first, so that the map stays in order of the last publication.
      this.topics.delete(topic);
      this.topics.set(topic, kept.offset);
    }
    for (const topic of kept.in) {
      while (this.#over(topic)) this.#of(topic)[0]?.in.delete(topic);
    }
    while (this.#bytes(this.all) > this.#limits.bytes) this.#oldest()?.in.clear();
    while (this.topics.size > this.#limits.topics) this.#forget();
    this.expire(kept.atMs);
  }

  expire(nowMs: number): void {
    for (const kept of this.all)
      if (kept.atMs < nowMs - this.#limits.ageSeconds * 1000 || isExpired(kept, nowMs)) kept.in.clear();
  }

  #over(topic: string): boolean {
    const held = this.#of(topic);
    return held.length > this.#limits.topicEvents || this.#bytes(held) > this.#limits.topicBytes;
  }

  #of(topic: string): Kept[] {
    return this.all.filter((kept) => kept.in.has(topic));
  }

  #oldest(): Kept | undefined {
    return this.all.find((kept) => kept.in.size > 0);
  }

  #bytes(held: readonly Kept[]): number {
    return held.filter((kept) => kept.in.size > 0).reduce((sum, { bytes }) => sum + bytes, 0);
  }

  #forget(): void {
    const [oldest] = this.topics.keys();
    if (oldest === undefined) return;
    this.topics.delete(oldest);
    for (const kept of this.all) kept.in.delete(oldest);
  }
}

const topic = fc.constantFrom("a", "b", "c", "a/b", "a/c", "d", "$s");
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topics: fc.uniqueArray(topic, { minLength: 1, maxLength: 3 }),
      size: fc.nat({ max: 400 }),
      private: fc.boolean(),
      ttl: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined, freq: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("delete" as const),
      topic,
      /** How many publications before the newest one; undefined: all. */
      back: fc.option(fc.nat({ max: 10 }), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.nat({ max: 3000 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("read" as const),
      filters: fc.uniqueArray(fc.constantFrom("a", "b", "a/+", "a/#", "#", "+", "$s", "zzz"), {
        minLength: 1,
        maxLength: 3,
      }),
      back: fc.nat({ max: 40 }),
      less: fc.constantFrom(0, 0, 3),
      reader: fc.constantFrom(everything, some, publicOnly),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/**
 * A reader that knows of losses up to a mark. If the journal evicts an entry that the reader could read at that mark,
 * the journal must report the loss.
 */
interface Told {
  readonly filters: readonly TopicFilter[];
  readonly rights: Rights;
  readonly after: number;
  readonly asOf: number;
  readonly held: readonly number[];
}

class Pair {
  readonly clock = new VirtualClock();
  readonly journal: MemoryJournal;
  readonly naive: NaiveJournal;
  readonly told: Told[] = [];

  constructor(some: Partial<HistoryLimits>) {
    const limits = { ...defaultHistoryLimits, ...some };
    const epoch = parseEpoch("model");
    if (epoch === undefined) throw new Error("the epoch is well-formed");
    this.journal = new MemoryJournal({
      epochs: EpochChain.of(epoch),
      clock: this.clock,
      metrics: silentMetrics,
      limits,
    });
    this.naive = new NaiveJournal(limits);
    this.journal.follow({
      apply: (entry) => {
        const { offset, publication, bytes, atMs } = entry;
        this.naive.append({ offset, publication, bytes, atMs, in: new Set(publication.topics) });
      },
    });
  }

  /** All entries that a reader must get, stored or not. */
  wanted(reader: Pick<Told, "filters" | "rights" | "after">): Kept[] {
    return this.naive.all.filter(
      ({ offset, publication }) =>
        offset > reader.after &&
        mayRead(reader.rights, publication) &&
        publication.topics.some((topic) => reader.filters.some((filter) => matchesFilter(filter, topic))),
    );
  }
}

function runStep(pair: Pair, step: Step): void {
  if (step.kind === "wait") return pair.clock.advance(step.ms);
  if (step.kind === "read") return checkRead(pair, step);
  if (step.kind === "delete") return runDelete(pair, step);
  const { topics, size, ttl } = step;
  pair.naive.expire(pair.clock.now());
  pair.journal.append(parsePublication({ topics, data: "x".repeat(size), private: step.private, ttl }));
}

function runDelete(
  { journal, naive, clock }: Pair,
  { topic, back }: Step & { readonly kind: "delete" },
): void {
  naive.expire(clock.now());
  const held = naive.all.filter((kept) => kept.in.has(topic));
  const deleted = back === undefined ? held : held.slice(-1 - back).slice(0, 1);
  const only = back === undefined ? undefined : deleted[0];
  expect(journal.history.mayDelete(parseTopic(topic))).toBe(held.length > 0);
  if (back !== undefined && only === undefined) return;
  expect(journal.delete({ topic: parseTopic(topic), only })).toEqual({
    publications: deleted.length,
    older: false,
    retained: false,
  });
  for (const kept of deleted) kept.in.delete(topic);
}

/** Its readers are not told. */
function isExpired({ atMs, publication }: Pick<Kept, "atMs" | "publication">, nowMs: number): boolean {
  return publication.ttlSeconds !== undefined && atMs + publication.ttlSeconds * 1000 <= nowMs;
}

function checkRead(pair: Pair, step: Step & { readonly kind: "read" }): void {
  const { journal, naive } = pair;
  const rights = step.reader;
  const filters = step.filters.map((text) => parseMqttFilter(text));
  const upTo = Math.max(0, journal.history.head - step.less);
  const range = { filters, rights, after: Math.max(0, upTo - step.back), upTo };
  const losses = journal.history.losses(range, 0);
  naive.expire(pair.clock.now());
  const read: number[] = [];
  journal.history.read(range, (entry) => read.push(entry.offset) > 0);
  const wanted = pair.wanted(range);
  const held = wanted.filter((kept) => isHeld(kept, filters)).map(({ offset }) => offset);
  expect(read).toEqual(held.filter((offset) => offset <= upTo));
  const nowMs = pair.clock.now();
  const gone = wanted.filter((kept) => !isHeld(kept, filters) && !isExpired(kept, nowMs));
  for (const kept of gone) expectTold(kept, losses);
  for (const { topic, missedAtMost } of losses?.topics ?? []) {
    const missed = gone.filter(({ publication }) => publication.topics.includes(topic));
    expect(missedAtMost ?? Infinity).toBeGreaterThanOrEqual(missed.length);
    const known = pair.wanted({ ...range, after: 0 }).flatMap(({ publication }) => publication.topics);
    expect(known, "topics of which it may know").toContain(topic);
  }
  if (losses !== undefined) pair.told.push({ filters, rights, after: range.after, asOf: losses.asOf, held });
}

function checkTold(pair: Pair, told: Told): void {
  const losses = pair.journal.history.losses({ ...told, upTo: pair.journal.history.head }, told.asOf);
  for (const kept of pair.wanted(told)) {
    if (isExpired(kept, pair.clock.now())) continue;
    if (told.held.includes(kept.offset) && !isHeld(kept, told.filters)) expectTold(kept, losses);
  }
}

function expectTold(kept: Kept, losses: Losses | undefined): void {
  const named = losses?.topics.some(({ topic }) => kept.publication.topics.includes(topic)) ?? false;
  expect(named || losses?.more, `the loss of ${kept.offset} is told`).toBe(true);
}

/** True if a topic that matches one of the filters still holds the entry. */
function isHeld(kept: Kept, filters: readonly TopicFilter[]): boolean {
  return kept.publication.topics.some(
    (topic) => kept.in.has(topic) && filters.some((filter) => matchesFilter(filter, topic)),
  );
}

const limitSets: readonly (readonly [string, Partial<HistoryLimits>])[] = [
  ["no limit", {}],
  ["few events a topic", { topicEvents: 2 }],
  ["few bytes a topic", { topicBytes: 2000 }],
  ["few bytes", { bytes: 4000 }],
  ["few topics", { topics: 3 }],
  ["one topic", { topics: 1, topicEvents: 3 }],
  ["a short age", { ageSeconds: 4 }],
  ["little of everything", { topicEvents: 4, topicBytes: 2500, bytes: 6000, topics: 4, ageSeconds: 8 }],
];

it.each(limitSets)(
  "reads and tells the same as a search through everything ever published: %s",
  (_name, limits) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 10, maxLength: 80, size: "max" }), (steps) => {
        const pair = new Pair(limits);
        const { journal, naive } = pair;
        for (const one of steps) {
          runStep(pair, one);
          if (one.kind !== "publish" && one.kind !== "delete") continue;
          const held = naive.all.filter((kept) => kept.in.size > 0);
          expect(journal.history.bytes).toBe(held.reduce((sum, { bytes }) => sum + bytes, 0));
          expect(journal.history.topicCount).toBe(naive.topics.size);
        }
        for (const told of pair.told) checkTold(pair, told);
      }),
      { seed: 1_234_567, numRuns: 80 },
    );
  },
);
