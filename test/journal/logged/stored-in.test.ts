import { expect, it } from "vitest";
import { systemClock } from "../../../src/app/system-clock.js";
import { LoggedSite } from "./logged-site.js";

it("says how long the log needed to store a publication of this hub, and nothing of earlier runs", async () => {
  let nowMs = 0;
  const site = await LoggedSite.open({ clock: { ...systemClock, monotonic: () => nowMs } });
  site.log.hold();
  const ids = site.publish("1", "2");
  nowMs = 1500;
  site.log.release();
  await ids;
  expect(site.entries.map(({ storedInMs }) => storedInMs)).toEqual([1500, 1500]);
  const after = await LoggedSite.open({ store: site.store });
  expect(after.entries.map(({ storedInMs }) => storedInMs)).toEqual([0, 0]);
});
