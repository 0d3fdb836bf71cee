import { expect, it } from "vitest";
import { Slices } from "../../src/base/slices.js";
import { VirtualClock } from "../support/virtual-clock.js";

it("lets work go on for some milliseconds, then rests until the end of the turn", async () => {
  const clock = new VirtualClock();
  const slices = new Slices(clock);
  clock.advance(4);
  expect(slices.rest()).toBeUndefined();
  clock.advance(1);
  const rest = slices.rest();
  expect(rest).toBeInstanceOf(Promise);
  clock.runEndOfTurn();
  await rest;
  expect(slices.rest(), "a new slice has begun").toBeUndefined();
});
