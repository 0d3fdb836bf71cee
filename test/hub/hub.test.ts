import { expect, it } from "vitest";
import type { Outlet, Subscription } from "../../src/hub/cohort.js";
import { parseMqttFilter } from "../../src/hub/filter.js";
import { Hub } from "../../src/hub/hub.js";
import { publicOnly } from "../../src/hub/rights.js";
import { World } from "../fanout/world.js";
import { tinyFormat } from "../fanout/tiny-format.js";

const outlet: Outlet = { name: "outlet", wake: () => undefined };

function subscription(...filters: readonly string[]): Subscription {
  return {
    format: tinyFormat,
    filters: filters.map((filter) => parseMqttFilter(filter)),
    rights: publicOnly,
  };
}

it("has no room for more filters with wildcards when those of all streams have too many levels", () => {
  // 100 filters of 62 levels fit into one request head and held 4.5 MB: 250 streams of one client were over a gigabyte.
  const { journal, clock } = new World();
  const hub = new Hub({ history: journal, clock, filterLevels: 6 });
  const wide = subscription("a/b/+", "c/d/#");
  const narrow = subscription("x/+/y");
  const cohorts = [hub.join(outlet, wide)];
  expect(hub.hasRoomFor(narrow.filters), "five of six levels").toBe(true);
  cohorts.push(hub.join(outlet, narrow));
  expect(hub.hasRoomFor(wide.filters)).toBe(false);
  expect(hub.hasRoomFor(subscription("exact", "a/b").filters)).toBe(true);
  for (const cohort of cohorts) hub.leave(cohort);
  expect(hub.hasRoomFor(wide.filters)).toBe(true);
});
