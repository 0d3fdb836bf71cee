import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NodeId } from "../../src/journal/nodes.js";
import { VirtualClock } from "../support/virtual-clock.js";
import { CommonHub, CommonLog, documentIdOf } from "./common-log.js";
import { nodeNamed } from "./subscriber-names.js";
import { subscriberNamed } from "./watchers.js";

const which = fc.nat({ max: 1000 });

/** The steps of a run, with their weights. */
const weights = {
  enter: 8,
  leave: 5,
  store: 8,
  apply: 10,
  wait: 6,
  watch: 2,
  cut: 2,
  heal: 2,
  kill: 1,
  bury: 4,
  start: 1,
} as const;

const step = fc.record({
  do: fc.oneof(
    ...Object.entries(weights).map(([name, weight]) => ({
      weight,
      arbitrary: fc.constant(name as keyof typeof weights),
    })),
  ),
  which,
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;

/** A stream that is open at a hub. */
interface Open {
  readonly hub: CommonHub;
  readonly id: string;
  readonly leave: () => void;
}

class World {
  readonly clock = new VirtualClock();
  readonly log = new CommonLog();
  readonly #deliveriesPerSecond: number;
  /** The hubs that run. */
  hubs: CommonHub[] = [];
  readonly #killed = new Set<NodeId>();
  #open: Open[] = [];
  #count = 0;

  constructor(hubs: number, deliveriesPerSecond: number) {
    this.#deliveriesPerSecond = deliveriesPerSecond;
    for (let started = 0; started < hubs; started += 1) this.#start(0);
  }

  async play(steps: readonly Step[]): Promise<void> {
    for (const each of steps) {
      this.#play(each);
      await settled();
    }
  }

  /** All hubs have a connection again, all that have ended are gone, and everything is applied. */
  async settle(): Promise<void> {
    if (this.hubs.length === 0) this.#start(0);
    for (const hub of this.hubs) hub.isCut = false;
    await this.round(this.hubs, 100);
    for (const hub of this.hubs) hub.apply();
  }

  /** These hubs report and apply everything for some half seconds. */
  async round(hubs: readonly CommonHub[], rounds: number): Promise<void> {
    for (let done = 0; done < rounds; done += 1) {
      for (const hub of hubs) this.#goOn(hub);
      await settled();
      this.clock.advance(500);
    }
  }

  #goOn(hub: CommonHub): void {
    hub.beat();
    for (const node of this.#killed) if (hub.knows(node)) hub.bury(node);
    hub.store();
    hub.apply();
  }

  get open(): readonly string[] {
    return this.#open.map(({ id }) => id).toSorted();
  }

  #play({ do: action, which: number }: Step): void {
    const hub = this.hubs[number % Math.max(1, this.hubs.length)];
    if (action === "start") return this.hubs.length < 4 ? this.#start(number) : undefined;
    if (hub === undefined) return;
    if (action === "enter") this.enter(hub);
    else if (action === "leave") this.#open.splice(number % Math.max(1, this.#open.length), 1)[0]?.leave();
    else if (action === "store") hub.store();
    else if (action === "apply") hub.apply(number % 2 === 0 ? undefined : number % 7);
    else if (action === "wait") this.clock.advance([0, 50, 100, 1000, 3000][number % 5] ?? 0);
    else if (action === "watch") hub.watch();
    else if (action === "cut") hub.isCut = true;
    else if (action === "heal") this.#heal(hub);
    else if (action === "kill") this.kill(hub);
    else this.#bury(hub, number);
  }

  #start(number: number): void {
    const node = nodeNamed((this.#count * 7919) % 100_003);
    this.#count += 1;
    const other = this.hubs.find(({ isCut }) => !isCut);
    const hub = new CommonHub({
      log: this.log,
      clock: this.clock,
      node,
      deliveriesPerSecond: this.#deliveriesPerSecond,
    });
    hub.start(number % 2 === 0 ? other : undefined);
    this.hubs.push(hub);
  }

  /** Opens a stream at a hub. Returns the id of its subscription. */
  enter(hub: CommonHub): string {
    this.#count += 1;
    const subscriber = {
      ...subscriberNamed(String(this.#count), "news"),
      id: hub.presence.createSubscriberId(),
    };
    const id = documentIdOf(subscriber);
    this.#open.push({ hub, id, leave: hub.presence.enter(subscriber) });
    return id;
  }

  #heal(hub: CommonHub): void {
    hub.isCut = false;
    hub.beat();
  }

  kill(hub: CommonHub): void {
    hub.presence.close();
    this.#killed.add(hub.node);
    this.#open = this.#open.filter((open) => open.hub !== hub);
    this.hubs = this.hubs.filter((other) => other !== hub);
  }

  /** A hub says that another one is gone, which was killed, or only cut off. */
  #bury(hub: CommonHub, number: number): void {
    const silent = [...this.#killed, ...this.hubs.filter(({ isCut }) => isCut).map(({ node }) => node)];
    const node = silent.filter((other) => hub.knows(other))[number % Math.max(1, silent.length)];
    if (node !== undefined && node !== hub.node) hub.bury(node);
  }
}

it("all hubs list in the end what is open at any of them, and their clients know it", async () => {
  const counts = { gaps: 0, listed: 0, watchers: 0 };
  const run = fc.asyncProperty(
    fc.constantFrom(2, 3),
    fc.constantFrom(2, 30, 1_000_000),
    fc.array(step, { minLength: 50, maxLength: 200, size: "max" }),
    async (hubs, deliveriesPerSecond, steps) => {
      const world = new World(hubs, deliveriesPerSecond);
      await world.play(steps);
      await world.settle();
      const { open } = world;
      for (const hub of world.hubs) {
        expect(hub.listed).toEqual(open);
        for (const watcher of hub.watchers) expect(watcher.known).toEqual(open);
      }
      const watchers = world.hubs.flatMap((hub) => hub.watchers);
      counts.watchers += watchers.length;
      counts.listed += open.length;
      counts.gaps += watchers.reduce((sum, { gaps }) => sum + gaps, 0);
    },
  );
  await fc.assert(run, { seed: 20_261_130, numRuns: 60 });
  // The runs are worth something.
  expect(counts.gaps).toBeGreaterThan(20);
  expect(counts.listed).toBeGreaterThan(200);
  expect(counts.watchers).toBeGreaterThan(100);
});

describe("a hub that ends", () => {
  it("leaves its subscriptions to a live hub; if that one ends too, to the next", async () => {
    const world = new World(3, 1_000_000);
    const [a, b, c] = world.hubs;
    if (a === undefined || b === undefined || c === undefined) throw new Error("three hubs run");
    const kept = world.enter(c);
    for (const hub of [a, b]) world.enter(hub);
    await world.settle();
    expect(c.listed).toHaveLength(3);
    world.kill(a);
    world.kill(b);
    await world.settle();
    expect(c.listed).toEqual([kept]);
  });

  it("leaves its subscriptions to the next hub that starts, if it was the last one", async () => {
    const world = new World(1, 1_000_000);
    const [last] = world.hubs;
    if (last === undefined) throw new Error("a hub runs");
    world.enter(last);
    await world.settle();
    world.kill(last);
    await world.settle();
    expect(world.hubs.map(({ listed }) => listed)).toEqual([[]]);
  });

  it("reports its subscriptions again, if it was only cut off", async () => {
    const world = new World(2, 1_000_000);
    const [a, b] = world.hubs;
    if (a === undefined || b === undefined) throw new Error("two hubs run");
    const kept = world.enter(a);
    await world.settle();
    b.watch();
    a.isCut = true;
    b.bury(a.node);
    await world.round([b], 10);
    expect(b.listed).toEqual([]);
    expect(b.watchers[0]?.known).toEqual([]);
    await world.settle();
    expect([a.listed, b.listed, b.watchers[0]?.known]).toEqual([[kept], [kept], [kept]]);
    expect(b.watchers[0]?.gaps).toBe(0);
  });
});

/** Resolves when pending promise callbacks have run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
