import { describe, expect, it } from "vitest";
import { at } from "./fanout-world.js";
import { three, withMembers } from "./members.js";

describe("a round", () => {
  it("carries what was published in one turn in one write", () => {
    const [world, one] = three();
    world.publish("news", "a");
    world.publish("news", "b");
    expect(one.writes.length).toBe(1);
    world.turn();
    expect(one.writes.length).toBe(2);
    expect(one.offsets).toEqual([1, 2]);
  });

  it("gives all members the same Buffer", () => {
    const [world, one, two] = three();
    world.publish("news");
    world.publish("news");
    world.turn();
    expect(one.writes.at(-1)).toBe(two.writes.at(-1));
  });

  it("waits for a member that has not drained, and then carries what came meanwhile", () => {
    const [world, one, , slow] = three();
    world.publish("news");
    world.turn();
    world.publish("news");
    world.publish("news");
    world.clock.advance(20);
    expect(one.offsets).toEqual([1]);
    world.drain(slow);
    expect([one.offsets, slow.offsets]).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(world.channel.rounds).toBe(2);
  });

  it("holds at most its limit of bytes, and the rest follows", () => {
    const [world, one] = three({ limits: { roundBytes: 200 } });
    for (let index = 0; index < 10; index += 1) world.publish("news", "x".repeat(40));
    world.turn();
    expect(world.channel.rounds).toBe(1);
    expect(one.writes.at(-1)?.length).toBeLessThanOrEqual(200);
  });

  it("goes to cohorts separately, so that a slow topic does not hold up a fast one", () => {
    const [world, slow, fast] = withMembers(
      {},
      { filters: ["slow"], appetite: "never" },
      { filters: ["fast"] },
    );
    world.publish("slow");
    world.turn();
    for (let index = 0; index < 3; index += 1) {
      world.publish("fast");
      world.turn();
    }
    expect(slow?.offsets).toEqual([1]);
    expect(fast?.offsets).toEqual([2, 3, 4]);
  });

  it("reaches a client once, whose filters match several of its topics", () => {
    const [world, one] = withMembers({}, { filters: ["a", "+", "#"] });
    world.publish(["a", "b"]);
    world.turn();
    expect(one?.offsets).toEqual([1]);
  });

  it("waits for its members only from the moment at which its bytes have left the process", () => {
    const [world, one, , slow] = three({ handover: "delayed" });
    world.publish("news");
    world.turn();
    world.publish("news");
    world.clock.advance(2000);
    expect([world.isMember(slow), one.offsets]).toEqual([true, [1]]);
    world.channel.handOver();
    world.clock.advance(300);
    expect([world.isMember(slow), one.offsets]).toEqual([false, [1, 2]]);
  });
});

it("a round is not over before its bytes have left the process, whoever has drained", () => {
  const [world, one] = withMembers({ handover: "delayed" }, {});
  world.publish("news");
  world.turn();
  world.publish("news");
  world.turn();
  expect(one?.offsets).toEqual([1]);
  world.channel.handOver();
  world.turn();
  expect(one?.offsets).toEqual([1, 2]);
});

describe("a heartbeat", () => {
  it("goes to quiet streams only and carries the position", () => {
    const [world, quiet, busy] = withMembers({}, { filters: ["quiet"] }, { filters: ["busy"] });
    for (let second = 0; second < 16; second += 1) {
      world.publish("busy");
      world.clock.advance(1000);
    }
    expect(quiet?.lines.filter(({ kind }) => kind === "heartbeat")).toEqual([
      { kind: "heartbeat", id: at(15) },
    ]);
    expect(busy?.lines.filter(({ kind }) => kind === "heartbeat")).toEqual([]);
  });

  it("comes again after the same time, and not while a round is open", () => {
    const [world, slow] = withMembers({ limits: { roundWaitMs: 40_000 } }, { appetite: "when-told" });
    if (slow === undefined) throw new Error("one was opened");
    world.publish("news");
    world.clock.advance(35_000);
    const beats = (): number => slow.lines.filter(({ kind }) => kind === "heartbeat").length;
    expect(beats()).toBe(0);
    world.drain(slow);
    slow.appetite = "at-once";
    world.clock.advance(31_000);
    expect(beats()).toBe(3);
  });
});

describe("a body that goes out in pieces", () => {
  const whole = "x".repeat(1024 * 1024);
  const pieces = { maxWriteBytes: 64 * 1024 };

  it("arrives whole at members", () => {
    const [world, one, , slow] = three(pieces);
    world.publish("news", whole);
    for (let index = 0; index < 20; index += 1) world.drain(slow);
    for (const client of [one, slow]) {
      expect(client.lines.at(-1)).toEqual({ kind: "event", offset: 1, data: whole });
      expect(Math.max(...client.writes.map(({ length }) => length))).toBe(64 * 1024);
    }
  });

  it("arrives whole at a laggard that was left behind between pieces", () => {
    const [world, one, , slow] = three(pieces);
    world.publish("news", whole);
    world.turn();
    for (let index = 0; index < 5; index += 1) world.drain(slow);
    world.clock.advance(250);
    expect([world.isMember(slow), one.offsets]).toEqual([false, [1]]);
    world.publish("news", "next");
    world.turn();
    for (let index = 0; index < 20; index += 1) world.drain(slow);
    expect(slow.lines.slice(-2).map((line) => ("data" in line ? line.data.length : 0))).toEqual([
      1024 * 1024,
      4,
    ]);
    expect([slow.offsets, slow.isWhole, world.isMember(slow)]).toEqual([[1, 2], true, true]);
  });

  it("is no concern of one that joins between pieces: it has all from history", () => {
    const [world, , , slow] = three(pieces);
    world.publish("news", whole);
    world.turn();
    world.drain(slow);
    const late = world.open({ lastEventId: at(0) });
    world.turn();
    expect([late.offsets, world.isMember(late)]).toEqual([[1], false]);
    world.publish("news", "next");
    for (let index = 0; index < 20; index += 1) world.drain(slow);
    expect([late.offsets, slow.offsets, world.isMember(late)]).toEqual([[1, 2], [1, 2], true]);
  });

  it.each(["leave", "lag"] as const)(
    "does not keep those waiting who came between pieces when its members %s",
    (how) => {
      // Bug: the hub dropped the rest of the body, and readers such as `late` got no next round and no gap event.
      const [world, slow] = withMembers(pieces, { appetite: "when-told" });
      if (slow === undefined) throw new Error("one was opened");
      world.publish("news", whole);
      world.turn();
      const late = world.open();
      world.turn();
      world.publish("news", "next");
      if (how === "leave") world.leave(slow);
      world.clock.advance(300);
      expect([late.offsets, world.isMember(late)]).toEqual([[2], true]);
    },
  );
});

describe("what waits for the rounds to end", () => {
  it("is told when the last round expires, though nobody drains", async () => {
    const [world] = withMembers({}, { appetite: "never" });
    world.publish("news");
    world.turn();
    let idle = false;
    const told = world.fanout.whenIdle().then(() => (idle = true));
    await Promise.resolve();
    expect(idle).toBe(false);
    world.clock.advance(250);
    await told;
    expect(idle).toBe(true);
  });

  it("has room for publishers again when rounds have taken enough", async () => {
    const pressure = { pendingBytes: 10_000, pendingFloorBytes: 10_000, pendingAgeMs: 500 };
    const [world, slow] = withMembers({ pressure }, { appetite: "when-told" });
    if (slow === undefined) throw new Error("one was opened");
    world.publish("news");
    world.turn();
    let published = 0;
    while (world.hub.room() === undefined && published < 1000) {
      world.publish("news", "x".repeat(500));
      published += 1;
    }
    expect(published, "each counts some 950 bytes").toBe(11);
    let free = false;
    const room = world.hub.room()?.then(() => (free = true));
    await Promise.resolve();
    expect(free).toBe(false);
    world.drain(slow);
    await room;
    expect([free, world.hub.pendingBytes]).toEqual([true, 0]);
  });

  it("stops publishers earlier while what rounds take is old", async () => {
    const pressure = { pendingBytes: 1_000_000, pendingFloorBytes: 2000, pendingAgeMs: 100 };
    const [world, slow] = withMembers({ pressure, limits: { roundBytes: 600 } }, { appetite: "when-told" });
    if (slow === undefined) throw new Error("one was opened");
    for (let index = 0; index < 10; index += 1) world.publish("news", "x".repeat(500));
    world.turn();
    expect(world.hub.room()).toBeUndefined();
    world.clock.advance(150);
    world.drain(slow);
    const room = world.hub.room();
    expect(room).toBeDefined();
    for (let index = 0; index < 10; index += 1) world.drain(slow);
    await room;
    expect(world.hub.room()).toBeUndefined();
  });

  // Bug: NTP set the clock forwards by a minute, and publishers waited although every client was up to date.
  it("does not take entries for old because somebody sets the clock", () => {
    const pressure = { pendingBytes: 1_000_000, pendingFloorBytes: 2000, pendingAgeMs: 100 };
    const [world, slow] = withMembers({ pressure, limits: { roundBytes: 600 } }, { appetite: "when-told" });
    if (slow === undefined) throw new Error("one was opened");
    for (let index = 0; index < 10; index += 1) world.publish("news", "x".repeat(500));
    world.turn();
    world.clock.jumpTo(world.clock.now() + 60_000);
    world.drain(slow);
    expect(world.hub.room()).toBeUndefined();
    expect(world.hub.oldestPendingMs).toBe(0);
  });
});
