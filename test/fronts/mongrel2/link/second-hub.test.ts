import { expect, it } from "vitest";
import { silentLogger } from "../../../../src/base/log.js";
import { SecondHub } from "../../../../src/fronts/mongrel2/link/second-hub.js";
import { VirtualClock } from "../../../support/virtual-clock.js";

function site() {
  const clock = new VirtualClock();
  const errors: string[] = [];
  const logger = { ...silentLogger, error: (_: unknown, message: string) => void errors.push(message) };
  const secondHub = new SecondHub({ clock, logger, labels: { link: "mongrel2-1" } });
  /** Notices for foreign fences, one every three seconds. */
  const notices = (count: number): void => {
    for (let notice = 0; notice < count; notice += 1) {
      secondHub.seen();
      clock.advance(3000);
    }
  };
  return { clock, errors, secondHub, notices };
}

it("reports a second hub once, when its notices have come for 30 seconds, until they end", () => {
  const { clock, errors, secondHub, notices } = site();
  notices(10);
  expect([secondHub.isThere, errors.length]).toEqual([false, 0]);
  notices(100);
  expect([secondHub.isThere, errors.length]).toEqual([true, 1]);
  clock.advance(60_000);
  expect(secondHub.isThere).toBe(false);
  notices(10);
  expect([secondHub.isThere, errors.length]).toEqual([false, 1]);
  notices(2);
  expect([secondHub.isThere, errors.length]).toEqual([true, 2]);
});

it("takes notices for a hub that has ended for no second hub, however many come at once", () => {
  const { clock, errors, secondHub } = site();
  for (let restart = 0; restart < 5; restart += 1) {
    for (let notice = 0; notice < 1000; notice += 1) secondHub.seen();
    clock.advance(61_000);
  }
  expect([secondHub.isThere, errors]).toEqual([false, []]);
});
