import { setTimeout as timer } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { EventLoopDelay, delaySamples } from "../../src/process/event-loop-delay.js";
import { VirtualClock } from "../support/virtual-clock.js";

/** The value of each sample, by its quantile or its name. */
function valuesOf(delay: EventLoopDelay): Readonly<Record<string, number>> {
  const samples = delaySamples(delay.figures, { process: "hub" });
  return Object.fromEntries(
    samples.map(({ name, labels, value }) => [labels.quantile ?? name.replace(/^.*_/, ""), value]),
  );
}

test("what holds the event loop up is seen at the end of the window in which it happened", async () => {
  const clock = new VirtualClock();
  const delay = new EventLoopDelay({ clock });
  onTestFinished(() => delay.close());
  // Timers run in the order of their time, so the timer of the measurement runs before this timer ends.
  await timer(50);
  const until = performance.now() + 300;
  while (performance.now() < until);
  await timer(50);
  expect(valuesOf(delay)["1"]).toBeGreaterThan(0.2);
  const { count = 0, sum = 0 } = valuesOf(delay);
  expect(count).toBeGreaterThan(1);
  expect(sum).toBeGreaterThan(0.2);
  clock.advance(10_000);
  expect(valuesOf(delay)["1"]).toBeGreaterThan(0.2);
  // The sum and the count never begin again.
  expect(valuesOf(delay)["count"]).toBeGreaterThanOrEqual(count);
  expect(valuesOf(delay)["sum"]).toBeGreaterThanOrEqual(sum - 1e-9);
});

test("a closed one leaves no timer behind", () => {
  const clock = new VirtualClock();
  const delay = new EventLoopDelay({ clock });
  delay.close();
  delay.close();
  expect(clock.timers).toBe(0);
});
