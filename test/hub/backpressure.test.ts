import { expect, it } from "vitest";
import { Backpressure, defaultPressureLimits } from "../../src/hub/backpressure.js";
import { Entry } from "../../src/hub/publications/entry.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import { VirtualClock } from "../support/virtual-clock.js";

it("holds publishers by the limit that applies now, also below what is pending", () => {
  const limits = { ...defaultPressureLimits, pendingBytes: 1_000_000 };
  const pressure = new Backpressure({ limits, clock: new VirtualClock() });
  const publication = parsePublication({ topics: ["a"], data: "x".repeat(10_000) });
  const entry = new Entry({ offset: 1, id: "1", publication, atMs: 0 });
  pressure.add(entry);
  expect(pressure.room()).toBeUndefined();
  limits.pendingBytes = 5000;
  expect(pressure.room(), "more is pending than allowed").toBeInstanceOf(Promise);
  pressure.remove(entry);
  expect(pressure.room()).toBeUndefined();
});
