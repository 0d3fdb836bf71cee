import { expect, it } from "vitest";
import type { Cohort, Outlet, Subscription } from "../../src/hub/cohort.js";
import { parseMqttFilter, parseTemplateFilter, parseUrlPatternFilter } from "../../src/hub/filters/filter.js";
import type { TopicFilter } from "../../src/hub/filters/filter.js";
import { defaultFilterLimits } from "../../src/hub/filters/filter-limits.js";
import { Hub } from "../../src/hub/hub.js";
import { parsePublication } from "../../src/hub/publications/publication.js";
import { publicOnly } from "../../src/hub/publications/rights.js";
import { urlPatternsFor } from "../../src/hub/patterns/url-pattern-cache.js";
import { World } from "../delivery/fanout-world.js";
import { tinyFormat } from "../delivery/tiny-format.js";

const outlet: Outlet = { name: "outlet", wake: () => undefined };

function subscription(...filters: readonly string[]): Subscription {
  return {
    format: tinyFormat,
    filters: filters.map((filter) => parseMqttFilter(filter)),
    rights: publicOnly,
  };
}

it("has no room for more filters with wildcards when those of all streams have too many levels", () => {
  // 100 filters of 62 levels fit into one request head and used 4.5 MB. So 250 streams of one client used more than 1
  // GB.
  const { journal, clock } = new World();
  const hub = new Hub({ history: journal.history, clock, filters: { ...defaultFilterLimits, levels: 6 } });
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

it("has no room for more filters when those of all streams hold too many bytes, shared or not", () => {
  // 100 exact filters of 1,000 bytes used 228 KB a stream. Without a limit, 15,000 streams used 3.2 GiB.
  const { journal, clock } = new World();
  const hub = new Hub({ history: journal.history, clock, filters: { ...defaultFilterLimits, bytes: 1900 } });
  const long = subscription("a".repeat(330));
  const cohorts = [hub.join(outlet, long), hub.join(outlet, long)];
  expect(hub.filterBytes).toBe(1260);
  expect(hub.hasRoomFor(long.filters)).toBe(true);
  expect(hub.hasRoomFor(subscription("ж".repeat(171)).filters), "two bytes for each").toBe(false);
  cohorts.push(hub.join(outlet, long));
  for (const filters of [long.filters, subscription("+").filters])
    expect(hub.hasRoomFor(filters)).toBe(false);
  for (const cohort of cohorts) hub.leave(cohort);
  expect(hub.filterBytes).toBe(0);
});

function join(hub: Hub, ...filters: readonly TopicFilter[]): Cohort {
  hub.checkPatterns(filters);
  return hub.join(outlet, { format: tinyFormat, filters, rights: publicOnly });
}

const baseUrl = "https://hub.example/.well-known/mercure";

function urlPattern(text: string): TopicFilter {
  return parseUrlPatternFilter(text, { baseUrl });
}

it("takes 1,000 patterns without a literal prefix, and no further one before one of them goes", () => {
  const { journal, clock } = new World();
  const hub = new Hub({ history: journal.history, clock, baseUrl });
  const cohorts = Array.from({ length: 500 }, (_, index) => [
    join(hub, urlPattern(`*://*/${index}`)),
    join(hub, parseTemplateFilter(`{x}/${index}`)),
  ]).flat();
  for (const filter of [urlPattern("*://*/more"), parseTemplateFilter("{more}")]) {
    expect(() => join(hub, filter)).toThrowError(
      expect.objectContaining({
        code: "bad-filter",
        message: expect.stringContaining("without a literal prefix"),
      }),
    );
  }
  expect(() => join(hub, urlPattern("*://*/7")), "one that is held already").not.toThrow();
  expect(() => join(hub, urlPattern("https://example.com/:x"), parseMqttFilter("+/a"))).not.toThrow();
  for (const cohort of cohorts.slice(0, 2)) hub.leave(cohort);
  expect(() => join(hub, urlPattern("*://*/more"))).not.toThrow();
});

it("counts what one request brings together with what is held", () => {
  const { journal, clock } = new World();
  const hub = new Hub({ history: journal.history, clock, baseUrl });
  const many = (count: number): TopicFilter[] =>
    Array.from({ length: count }, (_, index) => urlPattern(`https://example.com/a/:x-${index}`));
  expect(() => hub.checkPatterns(many(100))).not.toThrow();
  expect(() => hub.checkPatterns([...many(100), ...many(100)]), "the same twice").not.toThrow();
  expect(() => hub.checkPatterns(many(101))).toThrowError(/begin the pattern with more literal segments/);
});

it("limits patterns at one place by the parts that vary in them, too", () => {
  const { journal, clock } = new World();
  const hub = new Hub({ history: journal.history, clock, baseUrl });
  const filters = Array.from({ length: 6 }, (_, index) =>
    urlPattern(`https://example.com/a/${"*-".repeat(59 - index)}`),
  );
  expect(() => hub.checkPatterns(filters.slice(0, 5))).not.toThrow();
  expect(() => hub.checkPatterns(filters)).toThrowError(/too many patterns that begin like/);
});

it("reads a topic as a URL once for each publication, and not at all without URL patterns", () => {
  const { journal, clock } = new World();
  const hub = new Hub({ history: journal.history, clock, baseUrl });
  const { urls } = urlPatternsFor(baseUrl);
  journal.follow(hub);
  const publish = (topic: string): number => {
    const before = urls.parsed;
    journal.append(parsePublication({ topics: [topic] }));
    return urls.parsed - before;
  };
  join(hub, parseTemplateFilter("/a/{x}"), parseMqttFilter("#"));
  expect(publish("/a/1")).toBe(0);
  for (const path of ["/a/:x", "/:y/1", "*://*/*"]) join(hub, urlPattern(path));
  expect(publish("/a/2")).toBe(1);
});
