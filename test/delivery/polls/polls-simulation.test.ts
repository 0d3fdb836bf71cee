import * as fc from "fast-check";
import { expect, it } from "vitest";
import { matchesFilter, parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import { at } from "../fanout-world.js";
import type { Item, Poll, PollWorldOptions } from "./poll-world.js";
import { SparseHistory } from "../sparse-history.js";
import { PollWorld } from "./poll-world.js";

const topics = ["a", "b", "c"];
const filterSets = [["a"], ["a", "b"], ["#"], ["b", "c"], ["+"]];

type Step =
  | { readonly kind: "publish"; readonly topic: number; readonly size: number; readonly retain: boolean }
  | { readonly kind: "poll"; readonly who: number; readonly waitMs: number }
  | { readonly kind: "turn" }
  | { readonly kind: "wait"; readonly ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("publish" as const),
      topic: fc.nat({ max: topics.length - 1 }),
      size: fc.nat({ max: 120 }),
      retain: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("poll" as const),
      who: fc.nat({ max: 7 }),
      waitMs: fc.constantFrom(0, 10, 1000),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("turn" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(5, 10, 1000) }),
  },
);

/** A client that polls again and again, each time from the position of the previous response. */
class Poller {
  readonly filters: readonly string[];
  /** The client must receive everything after this offset. */
  readonly start: number;
  readonly items: Item[] = [];
  cursor: string;
  poll: Poll | undefined;

  constructor(filters: readonly string[], start: number) {
    this.filters = filters;
    this.start = start;
    this.cursor = at(start);
  }

  /** Reads the response, if the response has arrived. */
  take(): void {
    if (this.poll?.answer === undefined) return;
    this.items.push(...this.poll.items);
    this.cursor = this.poll.answer.position;
    this.poll = undefined;
  }
}

class Simulation {
  readonly world: PollWorld;
  readonly pollers: readonly Poller[];
  readonly published: { readonly offset: number; readonly topic: string }[] = [];

  constructor(options: PollWorldOptions) {
    this.world = new PollWorld({ pageBytes: 400, ...options });
    this.pollers = [...filterSets, ...filterSets.slice(0, 3)].map((filters) => new Poller(filters, 0));
  }

  async run(next: Step): Promise<void> {
    switch (next.kind) {
      case "publish": {
        const topic = topics[next.topic] ?? "a";
        const offset = this.world.publish(topic, "x".repeat(next.size), { retain: next.retain });
        this.published.push({ offset, topic });
        return;
      }
      case "poll":
        return this.#poll(this.pollers[next.who], next.waitMs);
      case "turn":
        return this.world.turn();
      case "wait":
        return this.world.advance(next.ms);
      default:
        return next satisfies never;
    }
  }

  /** All clients poll until there are no more events. */
  async settle(): Promise<void> {
    await this.world.advance(2000);
    for (let round = 0; round < 200; round += 1) {
      for (const poller of this.pollers) this.#poll(poller, 0);
      await this.world.turn();
      if (this.pollers.every(({ poll }) => poll?.answer?.more === false && poll.items.length === 0)) return;
    }
    throw new Error("there was more after 200 rounds without a publication");
  }

  #poll(poller: Poller | undefined, waitMs: number): void {
    poller?.take();
    if (poller === undefined || poller.poll !== undefined) return;
    const { filters, cursor } = poller;
    poller.poll = this.world.ask({ filters, cursor, waitMs });
  }
}

function offsetOf(id: string): number {
  return Number(id.split(":")[1]);
}

/** Each event arrived once and in order, or a gap reported the event as lost. */
function check({ published }: Simulation, poller: Poller): void {
  const filters = poller.filters.map((text) => parseMqttFilter(text));
  const owed = published.filter(({ topic }) =>
    filters.some((filter) => matchesFilter(filter, parseHubTopic(topic))),
  );
  const events = poller.items.flatMap((item) =>
    item.kind === "event" && item.retained === undefined ? [offsetOf(item.id)] : [],
  );
  expect(events).toEqual(events.toSorted((a, b) => a - b));
  expect(new Set(events).size).toBe(events.length);
  const told = poller.items.flatMap((item) => (item.kind === "gap" ? [item] : []));
  for (const { offset, topic } of owed) {
    if (events.includes(offset)) continue;
    const isTold = told.some((gap) => gap.more || gap.topics.some((lost) => lost.topic === topic));
    expect(isTold, `${topic} ${offset} is missing, and nothing was told`).toBe(true);
  }
  expect(events.filter((offset) => !owed.some((one) => one.offset === offset))).toEqual([]);
}

it.each<[string, PollWorldOptions]>([
  ["2 kept", { history: { topicEvents: 2 } }],
  ["8 kept", { history: { topicEvents: 8 } }],
  ["1000 kept", { history: { topicEvents: 1000 } }],
  [
    "8 kept, offsets of a log",
    { history: { topicEvents: 8 }, createHistory: (past) => new SparseHistory(past) },
  ],
])(
  "whatever is published while polls come and go, each event comes once and in order, or its loss is told; %s",
  async (_name, options) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120 }), async (steps) => {
        const simulation = new Simulation(options);
        for (const next of steps) await simulation.run(next);
        await simulation.settle();
        for (const poller of simulation.pollers) check(simulation, poller);
        expect(simulation.world.hub.pendingBytes).toBe(0);
        expect(simulation.world.clock.timers).toBe(0);
      }),
      { numRuns: 150 },
    );
  },
);
