import { expect, test } from "vitest";
import { importPageModule } from "./modules.js";

interface Item {
  readonly topics: readonly string[];
  readonly type: string;
  readonly id: string;
  readonly data: string;
}

interface Store {
  readonly lastKey: number;
  add(item: Item): Item & { readonly key: number };
  find(key: number): Item | undefined;
  newest(query: {
    readonly matches: (item: Item) => boolean;
    readonly after?: number;
    readonly upTo?: number;
    readonly count: number;
  }): readonly Item[];
}

const { EventStore, matcherOf } = await importPageModule<{
  readonly EventStore: new () => Store;
  readonly matcherOf: (search: string) => (item: Item) => boolean;
}>("event-store.js");

const all = (): boolean => true;

function item(data: string): Item {
  return { topics: ["a/b"], type: "message", id: "#e:1", data };
}

function dataOf(items: readonly Item[]): readonly string[] {
  return items.map(({ data }) => data);
}

test("the newest come first, from after one key up to another", () => {
  const store = new EventStore();
  for (const data of ["1", "2", "3", "4"]) store.add(item(data));
  expect(dataOf(store.newest({ matches: all, count: 9 }))).toEqual(["4", "3", "2", "1"]);
  expect(dataOf(store.newest({ matches: all, after: 1, upTo: 3, count: 9 }))).toEqual(["3", "2"]);
  expect(dataOf(store.newest({ matches: all, count: 1 }))).toEqual(["4"]);
  expect(store.find(2)?.data).toBe("2");
});

test("2,000 are kept, however many come", () => {
  const store = new EventStore();
  for (let n = 1; n <= 10_000; n += 1) store.add(item(String(n)));
  const kept = dataOf(store.newest({ matches: all, count: 100_000 }));
  expect([kept.length, kept[0], kept.at(-1)]).toEqual([2000, "10000", "8001"]);
  expect(store.lastKey).toBe(10_000);
});

test("large ones are kept as far as their characters allow, the newest in any case", () => {
  const store = new EventStore();
  const large = "x".repeat(4 * 1024 * 1024);
  for (let n = 0; n < 40; n += 1) store.add(item(large));
  expect(store.newest({ matches: all, count: 100 }).length).toBeLessThanOrEqual(8);
  const single = new EventStore();
  single.add(item("x".repeat(64 * 1024 * 1024)));
  expect(single.newest({ matches: all, count: 1 })).toHaveLength(1);
});

test.each([
  ["", true],
  ["  ", true],
  ["PLAIN", true],
  ["text plain", true],
  ["a/b message #e:1", true],
  ["plain absent", false],
])("the search %j finds: %s", (search, isFound) => {
  expect(matcherOf(search)(item("Plain Text"))).toBe(isFound);
});
