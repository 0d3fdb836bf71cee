import { describe, expect, it } from "vitest";
import type { FakeClient } from "./fake-channel.js";
import { withMembers } from "./members.js";

const beatsOf = (client: FakeClient | undefined): number =>
  client?.lines.filter(({ kind }) => kind === "heartbeat").length ?? 0;

describe("limits that change while streams are open", () => {
  it("the size of a round applies to the next round", () => {
    const [world, one] = withMembers({}, {});
    const publish = (): void => {
      for (let index = 0; index < 10; index += 1) world.publish("news", "x".repeat(40));
      world.turn();
    };
    publish();
    expect(one?.writes.at(-1)?.length).toBeGreaterThan(400);
    world.limits.roundBytes = 200;
    publish();
    expect(one?.writes.at(-1)?.length).toBeLessThanOrEqual(200);
  });

  it("the wait of a round applies to the next round", () => {
    const [world, slow] = withMembers({ limits: { roundWaitMs: 10_000 } }, { appetite: "when-told" });
    if (slow === undefined) throw new Error("one was opened");
    world.publish("news");
    world.turn();
    world.clock.advance(9000);
    expect(world.isMember(slow), "after nine of ten seconds").toBe(true);
    world.drain(slow);
    world.limits.roundWaitMs = 100;
    world.publish("news");
    world.turn();
    world.clock.advance(101);
    world.turn();
    expect(world.isMember(slow)).toBe(false);
  });

  it("the time of a stalled client applies to writes that wait already", () => {
    const [world, stuck] = withMembers({ limits: { stallMs: 3_600_000 } }, { appetite: "never" });
    world.publish("news");
    world.clock.advance(60_000);
    expect(stuck?.outcome).toBe("open");
    world.limits.stallMs = 30_000;
    world.clock.advance(1000);
    expect(stuck?.outcome).not.toBe("open");
  });

  it("a shorter interval of heartbeats applies to open streams", () => {
    const [world, quiet] = withMembers({ limits: { heartbeatMs: 3_600_000 } }, {});
    world.clock.advance(60_000);
    expect(beatsOf(quiet)).toBe(0);
    world.limits.heartbeatMs = 10_000;
    world.clock.advance(30_000);
    expect(beatsOf(quiet)).toBe(3);
  });

  // The client knows the interval, and takes a stream that is quiet for longer for dead.
  it("a longer interval of heartbeats waits for the end of the streams with the shorter one", () => {
    const [world, quiet] = withMembers({ limits: { heartbeatMs: 10_000 } }, {});
    if (quiet === undefined) throw new Error("one was opened");
    world.limits.heartbeatMs = 60_000;
    const later = world.open();
    world.clock.advance(60_000);
    expect([beatsOf(quiet), beatsOf(later)]).toEqual([6, 6]);
    world.leave(quiet);
    world.clock.advance(60_000);
    expect(beatsOf(later)).toBe(7);
  });

  it("the age of streams applies to new streams", () => {
    const [world, old] = withMembers({}, {});
    world.limits.maxAgeMs = 10_000;
    const young = world.open();
    world.clock.advance(11_000);
    expect([old?.outcome === "open", young.outcome === "open"]).toEqual([true, false]);
  });
});
