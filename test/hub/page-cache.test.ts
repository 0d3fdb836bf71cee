import { expect, it } from "vitest";
import { PageCache } from "../../src/hub/page-cache.js";
import type { Page, PendingPage, ReadState } from "../../src/hub/history-page.js";
import type { Cohort } from "../../src/hub/cohort.js";
import { parseMqttFilter } from "../../src/hub/filters/filter.js";
import { publicOnly } from "../../src/hub/publications/rights.js";
import type { Rights } from "../../src/hub/publications/rights.js";
import { tinyFormat } from "../delivery/tiny-format.js";
import { World } from "../delivery/fanout-world.js";

interface Fixture {
  readonly world: World;
  readonly cohort: Cohort;
  readonly page: (cache: PageCache, after: number) => Page;
}

function fixture(): Fixture {
  const world = new World();
  const cohort = join(world, publicOnly);
  const page = (cache: PageCache, after: number): Page => {
    const state: ReadState = { kind: "history", after, lossMark: 0 };
    return whole(cache.page(cohort, state, { maxBytes: 500, upTo: cohort.horizon }));
  };
  return { world, cohort, page };
}

/** Throws if the page is still pending. */
function whole(page: Page | PendingPage): Page {
  if (typeof page === "function") throw new Error("the page is pending");
  return page;
}

function join({ hub }: World, rights: Rights): Cohort {
  const filters = [parseMqttFilter("news")];
  return hub.join({ name: "readers", wake: () => undefined }, { format: tinyFormat, filters, rights });
}

it("gives readers at one position the same Buffer", () => {
  const { world, page } = fixture();
  for (let index = 0; index < 5; index += 1) world.publish("news", "x");
  world.turn();
  const cache = new PageCache(world.hub, 10_000);
  expect(page(cache, 1).body).toBe(page(cache, 1).body);
  expect(page(cache, 1).body).not.toBe(page(cache, 2).body);
});

it("reads a page anew that had ended at the horizon, once the horizon has moved", () => {
  const { world, page } = fixture();
  const cache = new PageCache(world.hub, 10_000);
  world.publish("news", "x");
  world.turn();
  expect(page(cache, 0).count).toBe(1);
  world.publish("news", "x");
  world.turn();
  expect(page(cache, 0).count).toBe(2);
});

it("keeps a full page, wherever the horizon has got to", () => {
  const { world, page } = fixture();
  const cache = new PageCache(world.hub, 10_000);
  for (let index = 0; index < 5; index += 1) world.publish("news", "x".repeat(200));
  world.turn();
  const first = page(cache, 0);
  expect([first.full, first.count]).toEqual([true, 2]);
  world.publish("news", "x");
  world.turn();
  expect(page(cache, 0)).toBe(first);
});

it("holds no more than its limit, the oldest page going first", () => {
  const { world, page } = fixture();
  for (let index = 0; index < 20; index += 1) world.publish("news", "x".repeat(200));
  world.turn();
  const cache = new PageCache(world.hub, 1000);
  const first = page(cache, 0);
  expect(page(cache, 0)).toBe(first);
  for (let after = 1; after < 4; after += 1) page(cache, after);
  expect(page(cache, 0)).not.toBe(first);
  expect(cache.bytes).toBeLessThanOrEqual(1000);
});

it("keeps nothing that is larger than its limit", () => {
  const { world, page } = fixture();
  world.publish("news", "x".repeat(5000));
  world.turn();
  const cache = new PageCache(world.hub, 1000);
  expect([page(cache, 0).count, cache.bytes]).toEqual([1, 0]);
});

it("keeps the pages of readers with other rights apart", () => {
  const world = new World();
  const rights = { key: "reader", readsPrivate: true, mayReadTopic: () => true, mayReadBelow: () => true };
  const [reader, stranger] = [join(world, rights), join(world, publicOnly)];
  world.publish("news", "secret", { private: true });
  const cache = new PageCache(world.hub, 10_000);
  const state: ReadState = { kind: "history", after: 0, lossMark: 0 };
  const limits = { maxBytes: 500, upTo: world.journal.history.head };
  const counts = [reader, stranger, reader].map((cohort) => whole(cache.page(cohort, state, limits)).count);
  expect(counts).toEqual([1, 0, 1]);
});

it("reads pages anew after publications have expired", () => {
  const { world, page } = fixture();
  world.publish("news", "x", { ttl: 1 });
  world.publish("news", "y");
  world.turn();
  const cache = new PageCache(world.hub, 10_000);
  const before = page(cache, 0).body.toString();
  world.clock.advance(1000);
  expect([before.includes("x"), page(cache, 0).body.toString().includes("x")]).toEqual([true, false]);
});
