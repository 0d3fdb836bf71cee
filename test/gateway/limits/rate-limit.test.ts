import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RateLimit } from "../../../src/gateway/limits/rate-limit.js";
import { VirtualClock } from "../../support/virtual-clock.js";

const seed = 20_261_121;

function taken(limit: RateLimit, key: string, times: number): number {
  return Array.from({ length: times }, () => limit.take(key)).filter((waitMs) => waitMs === 0).length;
}

test("as many can be taken at once as a second gives, and then as they come", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit({ rate: () => ({ perSecond: 5 }), clock });
  expect(taken(limit, "a", 10)).toBe(5);
  clock.advance(200);
  expect(taken(limit, "a", 10)).toBe(1);
  clock.advance(60_000);
  expect(taken(limit, "a", 10)).toBe(5);
});

test("who has taken all is told when there will be one, and then there is", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit({ rate: () => ({ perSecond: 3, burst: 1 }), clock });
  expect(limit.take("a")).toBe(0);
  const waitMs = limit.take("a");
  expect(waitMs).toBeCloseTo(1000 / 3);
  clock.advance(waitMs - 1);
  expect(limit.take("a")).toBeGreaterThan(0);
  clock.advance(1);
  expect(limit.take("a")).toBe(0);
});

test("each key has its own, whatever the key", () => {
  const limit = new RateLimit({ rate: () => ({ perSecond: 1 }), clock: new VirtualClock() });
  for (const key of ["a", "b", "", "__proto__", "constructor"]) {
    expect(limit.take(key)).toBe(0);
    expect(limit.take(key)).toBeGreaterThan(0);
  }
});

test("in no time more is taken than the burst and what the time gives, and all of that can be", () => {
  const rates = fc.record({
    perSecond: fc.integer({ min: 1, max: 1000 }),
    burst: fc.integer({ min: 1, max: 50 }),
    pauses: fc.array(fc.integer({ min: 0, max: 2000 }), { maxLength: 50 }),
  });
  fc.assert(
    fc.property(rates, ({ perSecond, burst, pauses }) => {
      const clock = new VirtualClock();
      const limit = new RateLimit({ rate: () => ({ perSecond, burst }), clock });
      let count = taken(limit, "a", burst + 1);
      expect(count).toBe(burst);
      for (const pause of pauses) {
        clock.advance(pause);
        count += taken(limit, "a", burst + 1);
        expect(count).toBeLessThanOrEqual(burst + (clock.monotonic() * perSecond) / 1000 + 1e-6);
      }
    }),
    { seed },
  );
});

test("keys are forgotten when their buckets are full, and beyond the bound those asked for longest ago", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit({ rate: () => ({ perSecond: 1 }), keys: 3, clock });
  for (const key of ["a", "b", "c", "a", "d"]) limit.take(key);
  expect(limit.size).toBe(3);
  expect(limit.take("a"), "asked for lately").toBeGreaterThan(0);
  expect(limit.take("b"), "forgotten, so that its bucket is full").toBe(0);
  clock.advance(10_000);
  limit.take("e");
  expect(limit.size).toBe(1);
});

test("a hundred thousand keys a second are no work that piles up", () => {
  const clock = new VirtualClock();
  const limit = new RateLimit({ rate: () => ({ perSecond: 10 }), keys: 1000, clock });
  for (let key = 0; key < 100_000; key += 1) {
    limit.take(String(key));
    if (key % 100 === 0) clock.advance(1);
  }
  expect(limit.size).toBeLessThanOrEqual(1000);
});
