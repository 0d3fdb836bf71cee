import { describe, expect, it } from "vitest";
import type { FakeClient } from "./fake-channel.js";
import { World, at } from "./fanout-world.js";
import type { ClientOptions, WorldOptions } from "./fanout-world.js";

/** A world whose clients have their heads and are members. */
function withMembers(options: WorldOptions, ...clients: readonly ClientOptions[]): [World, ...FakeClient[]] {
  const world = new World(options);
  const opened = clients.map((client) => world.open({ ...client, appetite: "at-once" }));
  world.turn();
  opened.forEach((client, index) => (client.appetite = clients[index]?.appetite ?? "at-once"));
  expect(opened.filter((client) => !world.isMember(client))).toEqual([]);
  return [world, ...opened];
}

function three(options: WorldOptions = {}): [World, FakeClient, FakeClient, FakeClient] {
  const [world, one, two, slow] = withMembers(options, {}, {}, { appetite: "when-told" });
  if (one === undefined || two === undefined || slow === undefined) throw new Error("three were opened");
  return [world, one, two, slow];
}

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

describe("a slow member", () => {
  it("becomes a laggard after the wait and does not hold up the others", () => {
    const [world, one, two, slow] = three();
    world.publish("news");
    world.turn();
    world.publish("news");
    world.clock.advance(24);
    expect([world.fanout.laggards, one.offsets]).toEqual([0, [1]]);
    world.clock.advance(1);
    expect(world.fanout.laggards).toBe(1);
    expect([one.offsets, two.offsets, slow.offsets]).toEqual([[1, 2], [1, 2], [1]]);
    expect(world.counted("laggards_total")).toBe(1);
  });

  it("is waited for less when most have long drained and the patience is used up", () => {
    const [world, ...clients] = withMembers({}, ...Array.from({ length: 40 }, () => ({})));
    const demotedAfter = (client: FakeClient): number => {
      client.appetite = "never";
      world.publish("news");
      world.turn();
      const start = world.clock.monotonic();
      while (world.isMember(client)) world.clock.advance(1);
      return world.clock.monotonic() - start;
    };
    // With 250 ms to begin with and a tenth of the time, 22 slow clients made the p99 of 200 fast ones 11 times as long.
    expect(clients.slice(0, 4).map((client) => demotedAfter(client))).toEqual([25, 5, 5, 5]);
  });

  it("is waited for up to 250 ms when it is alone or most are as slow", () => {
    for (const slow of [1, 3]) {
      const members = Array.from({ length: slow + 1 }, (_, index) => ({
        appetite: index < slow ? ("when-told" as const) : ("at-once" as const),
      }));
      const [world, first] = withMembers({}, ...(slow === 1 ? members.slice(0, 1) : members));
      world.publish("news");
      world.clock.advance(249);
      expect(world.fanout.laggards).toBe(0);
      world.clock.advance(1);
      expect([world.fanout.laggards, first?.connection?.state]).toEqual([slow, "reading"]);
    }
  });

  it("reads what it missed as it drains, and joins again", () => {
    const [world, one, , slow] = three();
    world.publish("news");
    world.clock.advance(250);
    for (let index = 0; index < 5; index += 1) {
      world.publish("news");
      world.turn();
    }
    expect(one.offsets).toEqual([1, 2, 3, 4, 5, 6]);
    world.drain(slow);
    expect(slow.offsets).toEqual([1, 2, 3, 4, 5, 6]);
    world.drain(slow);
    expect([world.isMember(slow), world.fanout.laggards]).toEqual([true, 0]);
  });

  it("comes back on probation, and no round waits for it then", () => {
    const [world, one, , slow] = three();
    world.publish("news");
    world.clock.advance(250);
    world.drain(slow);
    expect(world.isMember(slow)).toBe(true);
    world.publish("news");
    world.turn();
    world.publish("news");
    world.turn();
    expect(one.offsets).toEqual([1, 2, 3]);
    expect(slow.offsets, "it has left again and reads").toEqual([1, 2]);
    world.drain(slow);
    expect(slow.offsets).toEqual([1, 2, 3]);
  });

  it("is waited for again when it has kept up with several rounds", () => {
    const [world, one, , slow] = three();
    world.publish("news");
    world.clock.advance(250);
    world.drain(slow);
    for (let index = 0; index < 5; index += 1) {
      world.publish("news");
      world.turn();
      world.drain(slow);
    }
    world.publish("news");
    world.turn();
    world.publish("news");
    world.turn();
    expect([one.offsets.length, slow.offsets.length, world.isMember(slow)]).toEqual([7, 7, true]);
    world.drain(slow);
    expect([one.offsets.length, slow.offsets.length]).toEqual([8, 8]);
  });

  it("stays on probation for twice as long each time that it fails", () => {
    // A laggard that failed on probation after many rounds of others was taken for one that had proven itself.
    const [world, , , slow] = three();
    for (let index = 0; index < 100; index += 1) {
      world.publish("news");
      world.turn();
      world.drain(slow);
    }
    const probations: (number | undefined)[] = [];
    for (let time = 0; time < 4; time += 1) {
      world.publish("news");
      world.clock.advance(250);
      world.publish("news");
      world.turn();
      probations.push(slow.connection?.probation);
      world.drain(slow);
      world.drain(slow);
    }
    expect(probations).toEqual([4, 8, 16, 32]);
  });

  it("shares its pages with others at the same position", () => {
    const [world, one, two] = withMembers({}, { appetite: "never" }, { appetite: "never" }, {});
    world.publish("news");
    world.clock.advance(250);
    for (let index = 0; index < 3; index += 1) {
      world.publish("news", "x");
      world.turn();
    }
    if (one === undefined || two === undefined) throw new Error("two were opened");
    world.drain(one);
    world.drain(two);
    expect(one.offsets).toEqual([1, 2, 3, 4]);
    expect(one.writes.at(-1)).toBe(two.writes.at(-1));
    expect(one.writes.at(-1)?.length).toBeGreaterThan(100);
  });

  it("costs no memory: a cohort of laggards holds nothing pending", () => {
    const [world, one, two] = withMembers({}, { appetite: "never" }, { appetite: "never" });
    world.publish("news");
    world.clock.advance(250);
    for (let index = 0; index < 1000; index += 1) world.publish("news");
    world.clock.advance(1000);
    expect([world.hub.pendingBytes, world.fanout.laggards]).toEqual([0, 2]);
    expect([one?.writes.length, two?.writes.length], "a head and a round each").toEqual([2, 2]);
  });

  it("is told what history has lost when it was too slow for that too", () => {
    const [world, one, , slow] = three({ history: { topicEvents: 3 } });
    world.publish("news");
    world.clock.advance(250);
    for (let index = 0; index < 9; index += 1) {
      world.publish("news");
      world.turn();
    }
    world.drain(slow);
    expect(slow.offsets).toEqual([1, 8, 9, 10]);
    expect(slow.gaps).toEqual([
      {
        kind: "gap",
        id: at(7),
        notice: { reason: "evicted", topics: [{ topic: "news", missedAtMost: 6 }], more: false },
      },
    ]);
    expect(one.offsets.length).toBe(10);
    expect(world.counted("gaps_total")).toBe(1);
  });

  it("is cut when it takes nothing at all for a minute", () => {
    const [world, one, , slow] = three({ limits: { heartbeatMs: 20_000 } });
    slow.appetite = "never";
    world.publish("news");
    world.clock.advance(59_000);
    expect(slow.fate).toBe("open");
    world.clock.advance(2000);
    expect([slow.fate, one.fate, world.fanout.size]).toEqual(["cut", "open", 2]);
    expect(world.counted("connections_cut_total")).toBe(1);
  });
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
      // The rest of the body was dropped without them: they got neither the next round nor a word about it.
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
});
