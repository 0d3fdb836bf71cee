import { closeSync, openSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { EventLoopDelay } from "../../src/process/event-loop-delay.js";
import { processUsage } from "../../src/process/process-usage.js";
import { VirtualClock } from "../support/virtual-clock.js";

test("what a process uses is its memory, its descriptors and the delay of its event loop", () => {
  const delay = new EventLoopDelay({ clock: new VirtualClock() });
  onTestFinished(() => delay.close());
  const before = processUsage(delay);
  expect(before.residentBytes).toBeGreaterThan(1e7);
  expect(before.delay.quantiles).toHaveLength(3);
  const opened = Array.from({ length: 20 }, () => openSync("/dev/null", "r"));
  const { openDescriptors: most = 0 } = processUsage(delay);
  for (const descriptor of opened) closeSync(descriptor);
  // Other tests of this process may open and close files meanwhile.
  expect(most).toBeGreaterThanOrEqual(20);
});
