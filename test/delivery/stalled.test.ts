import { expect, it } from "vitest";
import { withMembers } from "./members.js";

const stallMs = 60_000;

it("a client that lets nothing through is cut after the longest time", () => {
  const [world, stuck] = withMembers({ limits: { stallMs } }, { appetite: "never" });
  world.publish("news");
  world.clock.advance(stallMs - 1000);
  expect(stuck?.outcome).toBe("open");
  world.clock.advance(2000);
  expect(stuck?.outcome).toBe("cut");
});

// Bug: 200 streams on one slow connection with HTTP/2 were cut, although each of them made progress.
it("a client that lets a few bytes through each time stays open, until it stops", () => {
  const [world, slow] = withMembers({ limits: { stallMs } }, { appetite: "never" });
  if (slow === undefined) throw new Error("one was opened");
  slow.sentBytes = 0;
  world.publish("news");
  for (let period = 0; period < 5; period += 1) {
    world.clock.advance(stallMs - 5000);
    slow.sentBytes += 100;
    world.clock.advance(1000);
  }
  expect(slow.outcome).toBe("open");
  world.clock.advance(stallMs - 5000);
  expect(slow.outcome).toBe("open");
  world.clock.advance(5000);
  expect(slow.outcome).toBe("cut");
});
