import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parsePublication } from "../../src/hub/publications/publication.js";
import type { Topic } from "../../src/hub/topics/topic.js";
import type { Appetite, FakeClient } from "./fake-channel.js";
import { SparseHistory } from "./sparse-history.js";
import { World, at } from "./fanout-world.js";
import type { WorldOptions } from "./fanout-world.js";

const topics = ["a", "b", "c"];
const filterSets = [["a"], ["a", "b"], ["#"], ["b", "c"], ["+"]];

type Step =
  | {
      readonly kind: "publish";
      readonly topics: readonly number[];
      readonly size: number;
      readonly retain: boolean;
    }
  | { readonly kind: "open"; readonly filters: number; readonly appetite: Appetite }
  | { readonly kind: "resume"; readonly filters: number; readonly appetite: Appetite; readonly back: number }
  | { readonly kind: "move"; readonly who: number; readonly filters: number }
  | { readonly kind: "leave" | "drain" | "end" | "reconnect"; readonly who: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "drainAll" | "turn" | "handOver" | "stall" | "carry" };

/** The filters of a client from an offset on. */
interface Following {
  /** An index into {@link filterSets}. */
  readonly filters: number;
  readonly from: number;
}

/** The simulation's record of a client, beside the bytes that the client has received. */
interface Watched {
  readonly client: FakeClient;
  /** In order. The first entry begins at the client's start. */
  readonly following: Following[];
  /** The filters that the client requested last. These filters may not be in effect yet. */
  asked: number;
  readonly resumed: boolean;
  /** The client must receive everything after this offset. */
  readonly start: number;
}

const who = fc.nat({ max: 15 });
const appetite = fc.constantFrom<Appetite>("at-once", "when-told", "when-told", "never");
const filters = fc.nat({ max: filterSets.length - 1 });
const publishStep = fc.record({
  kind: fc.constant("publish" as const),
  topics: fc.subarray([0, 1, 2], { minLength: 1, maxLength: 2 }),
  size: fc.oneof(
    { weight: 9, arbitrary: fc.nat({ max: 60 }) },
    { weight: 1, arbitrary: fc.nat({ max: 1500 }) },
  ),
  retain: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: publishStep },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("open" as const), filters, appetite }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("resume" as const),
      filters,
      appetite,
      back: fc.nat({ max: 30 }),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("drain" as const), who }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("move" as const), who, filters }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("leave", "end", "reconnect"), who }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1, 20, 300, 1200) }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("drainAll", "turn", "turn", "turn", "handOver") }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("carry" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("stall" as const) }) },
);

class Simulation {
  readonly world: World;
  readonly watched: Watched[] = [];
  readonly published: { readonly offset: number; readonly topics: readonly Topic[] }[] = [];
  /** The offset of each topic's retained value; 0 if a publisher has deleted the value. */
  readonly retained = new Map<string, number>();
  readonly #pacing: "drain" | "fence";

  constructor(options: WorldOptions) {
    this.world = new World(options);
    this.#pacing = options.pacing ?? "drain";
  }

  run(step: Step): void {
    const { world } = this;
    switch (step.kind) {
      case "publish":
        return this.#publish(step);
      case "open":
        return this.#open(step, undefined);
      case "resume":
        return this.#open(step, this.published.at(-1 - step.back)?.offset ?? 0);
      case "leave":
        return this.#with(step.who, ({ client }) => world.leave(client));
      case "end":
        return this.#with(
          step.who,
          ({ client }) => client.connection && world.fanout.end(client.connection, "stopping"),
        );
      case "reconnect":
        return this.#with(step.who, (watched) => this.#reconnect(watched));
      case "move":
        return this.#with(step.who, (watched) => this.#move(watched, step.filters));
      case "drain":
        return this.#with(step.who, ({ client }) => this.#drain(client));
      case "drainAll":
        return this.drainAll();
      case "wait":
        return world.clock.advance(step.ms);
      case "turn":
        return world.turn();
      case "handOver":
        return world.channel.handOver();
      case "carry":
        return world.carry();
      case "stall":
        return world.fanout.stall();
      default:
        return step satisfies never;
    }
  }

  drainAll(): void {
    if (this.#pacing === "fence") return this.world.channel.fence();
    for (const { client } of this.watched) if (client.appetite !== "never") this.world.channel.drain(client);
  }

  /** All clients accept all bytes, until the hub writes no more. */
  settle(): void {
    for (const { client } of this.watched) if (client.appetite === "never") client.appetite = "when-told";
    for (let round = 0; round < 5000; round += 1) {
      this.world.carry();
      this.world.channel.handOver();
      this.world.turn();
      const busy = this.watched.filter(({ client }) => client.outcome === "open" && client.busy);
      // A round that all members have received ends at its hand-over. Then the fan-out writes pending entries.
      const isOver = !this.world.channel.isHandingOver && this.world.way?.isEmpty !== false;
      if (busy.length === 0 && isOver) return;
      this.drainAll();
    }
    throw new Error("clients were still being written to after 5,000 rounds without a publication");
  }

  #publish(step: Step & { readonly kind: "publish" }): void {
    const [first = "a", ...others] = step.topics.map((index) => topics[index] ?? "a");
    const data = step.size === 0 ? "" : "x".repeat(step.size);
    const publication = parsePublication({ topics: [first, ...others], data, retain: step.retain });
    const { offset } = this.world.journal.append(publication);
    this.published.push({ offset, topics: publication.topics });
    if (step.retain)
      for (const topic of publication.topics) this.retained.set(topic, data === "" ? 0 : offset);
  }

  #open(step: { readonly filters: number; readonly appetite: Appetite }, from: number | undefined): void {
    const start = from ?? this.world.journal.history.head;
    const client = this.world.open({
      filters: filterSets[step.filters] ?? [],
      appetite: step.appetite,
      ...(from === undefined ? {} : { lastEventId: at(from) }),
    });
    const following = [{ filters: step.filters, from: start }];
    this.watched.push({ client, following, asked: step.filters, start, resumed: from !== undefined });
  }

  /** Replaces the client's filters. Filters that the client did not have count as added. */
  #move(watched: Watched, filters: number): void {
    const { client, following } = watched;
    const had = filterSets[watched.asked] ?? [];
    const next = filterSets[filters] ?? [];
    watched.asked = filters;
    const added = next.filter((text) => !had.includes(text));
    this.world.move(client, { filters: next, added }, (from) => following.push({ filters, from }));
  }

  /** Disconnects and reconnects with the last received id, as a browser does. */
  #reconnect({ client, following }: Watched): void {
    const filters = following.at(-1)?.filters ?? 0;
    this.world.leave(client);
    const cursors = client.lines.flatMap((line) => {
      if (line.kind === "event") return [line.offset];
      return "id" in line ? [Number(line.id.split(":")[1])] : [];
    });
    const from = cursors.at(-1);
    if (from === undefined) return;
    this.#open({ filters, appetite: client.appetite }, from);
  }

  #drain(client: FakeClient): void {
    if (this.#pacing === "drain" && client.appetite !== "never") this.world.channel.drain(client);
  }

  #with(index: number, action: (watched: Watched) => void): void {
    const open = this.watched.filter(({ client }) => client.outcome === "open");
    const watched = open[index % Math.max(1, open.length)];
    if (watched !== undefined) action(watched);
  }
}

/** Checks a client after the last write to this client. */
function check(simulation: Simulation, watched: Watched): void {
  const { client, start } = watched;
  const { offsets } = client;
  const sorted = [...new Set(offsets)].sort((a, b) => a - b);
  expect(offsets, `${client.name} gets each event once and in order`).toEqual(sorted);
  expect(offsets[0] ?? start + 1, `${client.name} gets nothing that it had`).toBeGreaterThan(start);
  const owed = simulation.published
    .filter(({ offset }) => offset > start)
    .map(({ offset, topics }) => ({
      offset,
      topics: topics.filter((topic) => follows(watched, offset, topic)),
    }))
    .filter(({ topics }) => topics.length > 0);
  const missing = owed.filter(({ offset }) => !offsets.includes(offset));
  expect(offsets.length + missing.length, `${client.name} gets nothing else`).toBe(owed.length);
  if (client.outcome !== "open") return;
  expect(client.isWhole, `${client.name} gets the end of what it got the beginning of`).toBe(true);
  for (const lost of missing) {
    expect(isTold(client, lost), `${client.name} is told that it missed ${lost.offset}`).toBe(true);
  }
  const toldAtMost = client.gaps.flatMap(({ notice }) => notice.topics);
  const total = toldAtMost.reduce((sum, { missedAtMost }) => sum + (missedAtMost ?? Infinity), 0);
  expect(total, `${client.name} missed at most what it was told`).toBeGreaterThanOrEqual(missing.length);
  checkRetained(simulation, watched);
}

/** True if the client followed this topic before this offset. */
function follows({ following }: Watched, offset: number, topic: string): boolean {
  const current = following.findLast(({ from }) => from < offset);
  return isFollowed(current?.filters ?? 0, topic);
}

function isFollowed(filters: number, topic: string): boolean {
  return (filterSets[filters] ?? []).some((text) => text === topic || text === "#" || text === "+");
}

/** True if the client received a gap event that names one of the topics before any later event. */
function isTold(
  client: FakeClient,
  lost: { readonly offset: number; readonly topics: readonly Topic[] },
): boolean {
  const later = client.lines.findIndex((line) => line.kind === "event" && line.offset > lost.offset);
  return client.lines
    .slice(0, later === -1 ? undefined : later)
    .some(
      (line) =>
        line.kind === "gap" &&
        line.notice.topics.some(({ topic }) => lost.topics.some((name) => name === topic)),
    );
}

function checkRetained(simulation: Simulation, { client, start, resumed, following }: Watched): void {
  const hasMoved = following.length > 1;
  const retained = client.lines.flatMap((line) => (line.kind === "retained" ? [line.offset] : []));
  // For an added filter, the hub sends the retained values of the filter's topics again.
  const twice = hasMoved ? [] : retained.filter((offset) => client.offsets.includes(offset));
  expect(twice, `${client.name} gets no value twice`).toEqual([]);
  for (const [topic, offset] of simulation.retained) {
    const filters = following.at(-1)?.filters ?? 0;
    if (offset === 0 || !isFollowed(filters, topic)) continue;
    // A client that resumes gets no old values of a topic that the client's filters have always matched.
    if (resumed && offset <= start && following.every((each) => isFollowed(each.filters, topic))) continue;
    // A value that history evicts during a long opening may be missing, but a gap event names the topic.
    if (client.gaps.some(({ notice }) => notice.topics.some((told) => told.topic === topic))) continue;
    expect([...retained, ...client.offsets], `${client.name} has the value of ${topic}`).toContain(offset);
  }
}

const worlds: readonly (readonly [string, WorldOptions])[] = [
  ["sockets", { pacing: "drain" }],
  ["sockets, bodies in pieces", { pacing: "drain", maxWriteBytes: 100, roundBytes: 400 }],
  ["credits, handed over later", { pacing: "drain", handover: "delayed", maxWriteBytes: 700 }],
  ["sockets of a worker", { pacing: "drain", worker: true }],
  ["sockets of a worker, small rounds", { pacing: "drain", worker: true, roundBytes: 200 }],
  ["the fence", { pacing: "fence", roundBytes: 300 }],
  ["the fence, bodies in pieces", { pacing: "fence", maxWriteBytes: 90, roundBytes: 300 }],
];
const histories: readonly (readonly [string, WorldOptions])[] = [
  ["a long history", {}],
  ["a short history", { history: { topicEvents: 4 } }],
  ["offsets of a log", { history: { topicEvents: 4 }, createHistory: (past) => new SparseHistory(past) }],
  ["little memory", { history: { bytes: 6000 }, limits: { pageCacheBytes: 1000 } }],
];

it.each(
  worlds.flatMap(([pacing, one]) =>
    histories.map(([past, two]) => [pacing, past, { ...one, ...two }] as const),
  ),
)(
  "every client gets everything once and in order, or is told what it missed: %s, %s",
  async (_pacing, _past, options) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 150, size: "max" }), async (steps) => {
        const simulation = new Simulation({
          ...options,
          limits: { roundBytes: 500, stallMs: 3000, ...options.limits },
        });
        const { world, watched } = simulation;
        for (const one of steps) simulation.run(one);
        simulation.settle();
        for (const one of watched) check(simulation, one);
        const open = watched.filter(({ client }) => client.outcome === "open");
        expect(open.filter(({ client }) => !world.isMember(client)).length, "all have caught up").toBe(0);
        expect(world.hub.pendingBytes, "nothing is pending").toBe(0);
        await world.fanout.whenIdle();
        for (const { client } of open) world.leave(client);
        world.carry();
        expect([world.hub.cohortCount, world.fanout.size, world.channel.members.size]).toEqual([0, 0, 0]);
        world.clock.advance(1000);
        world.close();
        expect(world.clock.timers, "no timer is left").toBe(0);
      }),
      { seed: 20_261_121, numRuns: options.worker === true ? 300 : 60, endOnFailure: false },
    );
  },
);
