import { describe, expect, it } from "vitest";
import { FrameRates } from "../../../../src/fronts/http2/session/frame-rates.js";
import { ConnectionFault, errorCode } from "../../../../src/fronts/http2/wire/protocol.js";
import { VirtualClock } from "../../../support/virtual-clock.js";

/** Counts frames until the client has too many, or up to a number. Returns how many were allowed. */
function allowed(count: () => void, most = 20_000): number {
  for (let done = 0; done < most; done += 1)
    try {
      count();
    } catch (error) {
      if (error instanceof ConnectionFault && error.code === errorCode.enhanceYourCalm) return done;
      throw error;
    }
  return most;
}

const streams = {
  name: "streams that are reset",
  count: (rates: FrameRates) => rates.countReset(),
  most: 1000,
  perSecond: 33,
};
const frames = {
  name: "frames without a request",
  count: (rates: FrameRates) => rates.countIdle(),
  most: 10_000,
  perSecond: 100,
};

describe.each([streams, frames])("$name", ({ count, most, perSecond }) => {
  it(`are allowed ${most} times at once, and then ${perSecond} times a second`, () => {
    const clock = new VirtualClock();
    const rates = new FrameRates(clock);
    expect(allowed(() => count(rates))).toBe(most);
    clock.advance(1000);
    expect(allowed(() => count(rates))).toBe(perSecond);
    clock.advance(10_000);
    expect(allowed(() => count(rates))).toBe(10 * perSecond);
  });

  it("never become more by waiting", () => {
    const clock = new VirtualClock();
    const rates = new FrameRates(clock);
    clock.advance(3_600_000);
    expect(allowed(() => count(rates))).toBe(most);
  });

  it("go on without end at a slower rate", () => {
    const clock = new VirtualClock();
    const rates = new FrameRates(clock);
    const slow = allowed(() => {
      clock.advance(1000 / perSecond + 0.01);
      count(rates);
    });
    expect(slow).toBe(20_000);
  });
});

it("resets and frames without a request have limits of their own", () => {
  const rates = new FrameRates(new VirtualClock());
  expect(allowed(() => rates.countReset())).toBe(1000);
  expect(allowed(() => rates.countIdle())).toBe(10_000);
});
