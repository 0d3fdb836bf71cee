import { setTimeout as timer } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { MetricsRegistry } from "../../src/monitoring/metrics-registry.js";
import { EventLoopDelay } from "../../src/monitoring/event-loop-delay.js";
import { VirtualClock } from "../support/virtual-clock.js";

const longest = "event_loop_delay_seconds{quantile=1}";

test("what holds the event loop up is seen at the end of the window in which it happened", async () => {
  const clock = new VirtualClock();
  const metrics = new MetricsRegistry();
  const delay = new EventLoopDelay({ clock, metrics });
  onTestFinished(() => delay.close());
  // Timers run in the order of their time, so the timer of the measurement runs before this timer ends.
  await timer(50);
  const until = performance.now() + 300;
  while (performance.now() < until);
  await timer(50);
  clock.advance(10_000);
  expect(metrics.snapshot()[longest]).toBeGreaterThan(0.2);
});

test("a closed one leaves no timer behind", () => {
  const clock = new VirtualClock();
  const delay = new EventLoopDelay({ clock, metrics: new MetricsRegistry() });
  delay.close();
  delay.close();
  expect(clock.timers).toBe(0);
});
