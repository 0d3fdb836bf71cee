import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allTopics,
  matchesFilter,
  parseMqttFilter,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../../src/hub/filters/filter.js";
import type { TopicFilter } from "../../../src/hub/filters/filter.js";
import { FilterTrie } from "../../../src/hub/filters/filter-trie.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";
import { urlPatternsFor } from "../../../src/hub/patterns/url-pattern-cache.js";

const baseUrl = "https://hub.example/.well-known/mercure";
const { urls } = urlPatternsFor(baseUrl);
const level = fc.constantFrom("", "a", "b", "$a", "$", "c");
const mqttTopic = fc
  .array(
    fc.oneof({ weight: 9, arbitrary: level }, { weight: 1, arbitrary: fc.constantFrom("+", "#", "a+") }),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((levels) => levels.join("/"));
const url = fc
  .tuple(
    fc.constantFrom("https://h", "https://i", "http://h", "", "https:", "x"),
    fc.array(fc.constantFrom("/a", "/b", "/", "/ab", "/c", "/a/b", "?q=1", "/%C3%A9", "/{x}", "/a/a"), {
      maxLength: 5,
    }),
  )
  .map(([start, rest]) => start + rest.join(""));
const topic = fc
  .oneof(mqttTopic, url)
  .filter((text) => text !== "")
  .map((text) => parseHubTopic(text));
const origin = fc.constantFrom("https://h", "https://i", "");
const urlPattern: fc.Arbitrary<TopicFilter> = fc
  .tuple(
    fc.constantFrom("https://h", "https://i", "*://*", "http{s}?://h", ""),
    fc.array(fc.constantFrom("/a", "/b", "/:x", "/:y*", "/*", "/a:z", "{/c}?", "/(a|b)", "/.."), {
      maxLength: 4,
    }),
  )
  .map(([start, rest]) =>
    [start, ...rest].join("").replace("h{", "h/{").replace("i{", "i/{").replace("*{", "*/{"),
  )
  // No name may occur twice.
  .filter((text) => !/:([xyz]).*:\1/.test(text))
  .filter((text) => text !== "")
  .map((text) => parseUrlPatternFilter(text, { baseUrl }));
const template: fc.Arbitrary<TopicFilter> = fc
  .tuple(
    fc.oneof(origin, fc.constantFrom("{scheme}://h", "https:{+x}", "a", "{x}", "{+x}")),
    fc.array(fc.constantFrom("/a", "/b", "/{x}", "{/x*}", "/{x,y}", "/a{x}", "{?q}", "/é", "/{x:1}"), {
      minLength: 1,
      maxLength: 4,
    }),
  )
  .map(([start, rest]) => parseTemplateFilter(start + rest.join("")));
const filter: fc.Arbitrary<TopicFilter> = fc.oneof(
  {
    weight: 20,
    arbitrary: fc
      .record({
        levels: fc.array(fc.oneof(level, fc.constant("+")), { maxLength: 4 }),
        last: fc.constantFrom("#", "+", "a", ""),
      })
      .map(({ levels, last }) => [...levels, last].join("/"))
      .filter((text) => text !== "")
      .map((text) => parseMqttFilter(text)),
  },
  { weight: 1, arbitrary: fc.constant(allTopics) },
  { weight: 10, arbitrary: urlPattern },
  { weight: 10, arbitrary: template },
);

type Step =
  | { readonly kind: "add" | "remove"; readonly filter: TopicFilter; readonly value: number }
  | { readonly kind: "removeHeld"; readonly index: number };

const value = fc.nat({ max: 5 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("add" as const), filter, value }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("remove" as const), filter, value }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("removeHeld" as const), index: fc.nat({ max: 50 }) }),
  },
);

/** A trie, and a list of the same filters. The test searches the list from end to end. */
class Pair {
  readonly trie = new FilterTrie<number>({ urls });
  held: { readonly filter: TopicFilter; readonly value: number }[] = [];

  run(step: Step): void {
    if (step.kind === "add") {
      this.#drop(step);
      this.held.push(step);
      this.trie.add(step.filter, step.value);
      return;
    }
    const gone = "index" in step ? this.held[step.index % Math.max(1, this.held.length)] : step;
    if (gone === undefined) return;
    this.#drop(gone);
    this.trie.remove(gone.filter, gone.value);
  }

  #drop(gone: { readonly filter: TopicFilter; readonly value: number }): void {
    this.held = this.held.filter(
      ({ filter, value }) =>
        filter.kind !== gone.filter.kind || filter.text !== gone.filter.text || value !== gone.value,
    );
  }
}

function ascending(a: number, b: number): number {
  return a - b;
}

function matched(trie: FilterTrie<number>, topic: ReturnType<typeof parseHubTopic>): number[] {
  const values: number[] = [];
  trie.match(topic, (value) => values.push(value));
  return values.sort(ascending);
}

describe("FilterTrie", () => {
  it(
    "finds the same as a search through all filters, whatever was added and removed",
    { timeout: 60_000 },
    () => {
      fc.assert(
        fc.property(
          fc.array(step, { maxLength: 60, size: "max" }),
          fc.array(topic, { minLength: 20, maxLength: 20 }),
          (steps, topics) => {
            const pair = new Pair();
            for (const one of steps) pair.run(one);
            for (const topic of topics) {
              const expected = pair.held
                .filter(({ filter }) => matchesFilter(filter, topic))
                .map(({ value }) => value);
              expect(matched(pair.trie, topic), `the topic ${topic}`).toEqual(expected.sort(ascending));
            }
          },
        ),
        { seed: 4711, numRuns: 400 },
      );
    },
  );

  it("is as empty as a new one when everything is removed again", { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const pair = new Pair();
        for (const one of steps) pair.run(one);
        while (pair.held.length > 0) pair.run({ kind: "removeHeld", index: 0 });
        expect(matched(pair.trie, parseHubTopic("a/b")).length).toBe(0);
        expect(pair.trie.isEmpty).toBe(true);
      }),
      { seed: 4711, numRuns: 400 },
    );
  });

  it("is not empty while one filter of each kind is left", () => {
    const filters = [
      ...["a", "#", "+", "a/+/b"].map((text) => parseMqttFilter(text)),
      ...["/a", "*://*/b"].map((text) => parseUrlPatternFilter(text, { baseUrl })),
      ...["/a/{x}", "{x}"].map((text) => parseTemplateFilter(text)),
    ];
    for (const filter of filters) {
      const trie = new FilterTrie<string>({ urls });
      trie.add(filter, "x");
      trie.remove(filter, "y");
      expect(trie.isEmpty, `with ${filter.text}`).toBe(false);
    }
  });
});

it("leads a topic to a bounded number of nodes, whatever somebody subscribes with to slow it down", () => {
  const trie = new FilterTrie<number>({ urls });
  let refusals = 0;
  for (let mask = 0; mask < 2 ** 12; mask += 1) {
    const levels = Array.from({ length: 12 }, (_, at) => ((mask >> at) % 2 === 1 ? "+" : "a"));
    const filter = parseMqttFilter(`${levels.join("/")}/#`);
    const refusal = trie.refusalOf([filter]);
    if (refusal === undefined) trie.add(filter, mask);
    else refusals += 1;
  }
  expect(trie.counts.mixtures).toBeLessThanOrEqual(1000);
  expect(trie.counts.mixtures, "the filters were aimed well").toBeGreaterThan(900);
  expect(refusals).toBeGreaterThan(3000);
  const before = trie.steps;
  trie.match(parseHubTopic(Array.from({ length: 12 }, () => "a").join("/")), () => undefined);
  expect(trie.steps - before).toBeLessThanOrEqual(20 + 5 * 1001);
  expect(trie.refusalOf([parseMqttFilter("x/y/+")]), "of a mixture that is there").toBeUndefined();
  expect(trie.refusalOf([parseMqttFilter(`${"+/".repeat(60)}a`)])).toMatch(/too many filters that mix/);
});

it("counts levels of filters with wildcards, common beginnings once, and none of what was removed", () => {
  const trie = new FilterTrie<string>({ urls });
  const texts = ["a/b/+", "a/c/#", "+/b", "a/b"];
  const filters = texts.map((text) => parseMqttFilter(text));
  const counts = filters.map((added) => {
    trie.add(added, "x");
    return trie.levels;
  });
  expect(counts).toEqual([3, 4, 6, 6]);
  for (const removed of filters) trie.remove(removed, "x");
  expect(trie.levels).toBe(0);
});
