import { describe, expect, it } from "vitest";
import type { FakeClient } from "./fake-channel.js";
import { World, at } from "./fanout-world.js";
import type { ClientOptions, WorldOptions } from "./fanout-world.js";

/** Delivers messages until no message is left. Delivered messages may cause further messages. */
function settle(world: World): void {
  for (let step = 0; step < 50; step += 1) {
    world.carry();
    world.turn();
    if (world.way?.isEmpty === true) return;
  }
  throw new Error("hub and worker were still talking after 50 exchanges");
}

function worker(options: WorldOptions = {}): World {
  return new World({ worker: true, ...options });
}

function opened(world: World, options: ClientOptions = {}): FakeClient {
  const client = world.open(options);
  settle(world);
  return client;
}

describe("a stream that joins a cohort of a worker", () => {
  it("is a member at once, whatever was published to others since the cohort's last round", () => {
    const world = worker();
    const first = opened(world);
    world.publish("other");
    const second = opened(world);
    expect([first, second].map((client) => world.isMember(client))).toEqual([true, true]);
    world.leave(first);
    world.publish("news");
    settle(world);
    expect(second.offsets).toEqual([2]);
  });

  it("joins when what it has got elsewhere has come here too, though nobody listens", () => {
    const world = worker();
    const slow = opened(world, { filters: ["news", "other"] });
    slow.appetite = "never";
    world.publish("news");
    settle(world);
    world.clock.advance(500);
    expect(world.isMember(slow)).toBe(false);
    world.publish("other");
    const ahead = world.open({ filters: ["news", "other"], lastEventId: at(2) });
    settle(world);
    expect(world.isMember(ahead)).toBe(true);
    world.publish("news");
    settle(world);
    expect(ahead.offsets).toEqual([3]);
  });

  it("becomes a member while publications come in every turn", () => {
    const world = worker();
    const client = world.open();
    for (let turn = 0; turn < 20; turn += 1) {
      world.publish("news");
      world.carry();
      world.turn();
    }
    expect(world.isMember(client)).toBe(true);
    settle(world);
    expect(client.offsets).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
  });
});

describe("a reader in a worker", () => {
  it("reads on from the last rounds without a question to the hub", () => {
    const world = worker();
    opened(world);
    const late = opened(world, { appetite: "when-told" });
    for (let turn = 0; turn < 3; turn += 1) {
      world.publish("news");
      settle(world);
      world.clock.advance(2000);
    }
    expect(world.isMember(late)).toBe(false);
    const before = world.way?.asked;
    world.drain(late);
    world.drain(late);
    expect(late.offsets).toEqual([1, 2, 3]);
    expect(world.way?.asked).toBe(before);
  });

  it("asks the hub where the last rounds are not kept", () => {
    const world = worker({ limits: { pageCacheBytes: 1200 } });
    opened(world);
    const late = opened(world, { appetite: "when-told" });
    for (let turn = 0; turn < 5; turn += 1) {
      world.publish("news", "x".repeat(50));
      settle(world);
      world.clock.advance(2000);
    }
    const before = world.way?.asked ?? 0;
    for (let turn = 0; turn < 3; turn += 1) {
      world.drain(late);
      settle(world);
    }
    expect(late.offsets).toEqual([1, 2, 3, 4, 5]);
    expect(world.way?.asked).toBeGreaterThan(before);
  });

  it("is asked for no more when it has gone, unless the question is on its way", () => {
    const world = worker();
    for (let index = 0; index < 100; index += 1) world.publish("news");
    const readers = Array.from({ length: 100 }, (_, index) => world.open({ lastEventId: at(index) }));
    world.carry();
    world.turn();
    for (const reader of readers) world.leave(reader);
    settle(world);
    expect(world.way?.asked).toBe(64);
    expect(world.hub.cohortCount).toBe(0);
  });
});

describe("a worker's readers at one place", () => {
  it("share what they read of the last rounds", () => {
    const world = worker();
    opened(world);
    const slow = Array.from({ length: 10 }, () => world.open());
    settle(world);
    for (const client of slow) client.appetite = "when-told";
    for (let turn = 0; turn < 5; turn += 1) {
      world.publish("news");
      settle(world);
      world.clock.advance(2000);
    }
    world.drain(...slow);
    settle(world);
    expect(slow.filter((client) => world.isMember(client))).toEqual([]);
    expect(new Set(slow.map(({ writes }) => writes.at(-1))).size).toBe(1);
    expect(slow[0]?.offsets).toEqual([1, 2, 3, 4, 5]);
  });

  it("get nothing twice that the hub has told them is lost, however early its page ends", () => {
    const world = worker({ history: { topicEvents: 1 } });
    opened(world, { filters: ["news/+"] });
    const from = world.publish("news/a", "first");
    settle(world);
    // A page ends after a number of entries, even if the entries do not match.
    for (let index = 0; index < 36_000; index += 1) world.publish(`other/${index}`);
    world.clock.advance(1000);
    settle(world);
    const value = world.publish("news/a", "value", { retain: true });
    settle(world);
    world.publish("news/a", "next");
    settle(world);
    const late = opened(world, { filters: ["news/+"], lastEventId: at(from) });
    expect(late.gaps.length).toBe(1);
    const got = late.lines.flatMap((line) => ("offset" in line ? [line.offset] : []));
    expect(got).toEqual([value, value + 1]);
  });
});

describe("a member of a worker's cohort on probation", () => {
  it("is judged by rounds alone, not by those who come meanwhile", () => {
    const world = worker();
    opened(world);
    const slow = opened(world);
    slow.appetite = "when-told";
    world.publish("news");
    settle(world);
    world.clock.advance(2000);
    settle(world);
    world.drain(slow);
    settle(world);
    const probation = slow.connection?.probation;
    expect([world.isMember(slow), probation]).toEqual([true, expect.any(Number)]);
    expect(probation).toBeGreaterThan(0);
    for (let index = 0; index < 5; index += 1) {
      world.publish("other");
      opened(world);
    }
    expect(slow.connection?.probation).toBe(probation);
  });
});

describe("a cohort that waits for room on the way", () => {
  it("gets its batch when those leave for whom the way was full", () => {
    const world = worker();
    const heavy = Array.from({ length: 9 }, (_, index) => world.open({ filters: [`heavy/${index}`] }));
    const waiting = world.open();
    settle(world);
    for (let index = 0; index < 18; index += 1)
      world.publish(`heavy/${index % 9}`, "x".repeat(1024 * 1024 - 200));
    world.publish("news");
    world.turn();
    for (const client of heavy) world.leave(client);
    settle(world);
    expect(waiting.offsets).toEqual([19]);
  });
});

describe("a batch for a crowd", () => {
  it("is small when the crowd came after the last round, which one client had alone", () => {
    const world = worker();
    opened(world);
    world.publish("news");
    settle(world);
    for (let index = 0; index < 99; index += 1) world.open();
    settle(world);
    const batches = world.way?.batches ?? [];
    batches.length = 0;
    for (let index = 0; index < 20; index += 1) world.publish("news", "x".repeat(1000));
    settle(world);
    // The hub sent these batches before the worker announced its new size.
    expect(Math.max(...batches.slice(0, 2))).toBeLessThanOrEqual(4096);
    expect(batches.length).toBeGreaterThan(2);
  });
});
