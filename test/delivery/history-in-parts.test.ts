import { describe, expect, it } from "vitest";
import { World, at } from "./fanout-world.js";

describe("a reader with many filters that match nothing", () => {
  const filters = ["last/+", ...Array.from({ length: 99 }, (_, index) => `none/${index}/+`)];

  it.each([
    { what: "goes through history in parts", topicEvents: 100_000, offsets: [10_001, 10_002], gaps: 0 },
    { what: "is told of what is lost in front of them", topicEvents: 1, offsets: [10_002], gaps: 1 },
  ])("$what", ({ topicEvents, offsets, gaps }) => {
    const world = new World({ history: { topicEvents } });
    for (let index = 0; index < 10_000; index += 1) world.publish(`noise/${index}`);
    for (let index = 0; index < 2; index += 1) world.publish("last/1");
    const client = world.open({ filters, lastEventId: at(0) });
    world.turn();
    expect([client.offsets, client.gaps.length, world.isMember(client)]).toEqual([offsets, gaps, true]);
    world.publish("last/2");
    world.turn();
    expect(client.offsets.at(-1)).toBe(10_003);
  });
});
