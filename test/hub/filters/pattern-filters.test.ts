import { describe, expect, it } from "vitest";
import {
  matchesTemplate,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../../src/hub/filters/filter.js";
import type { TopicFilter } from "../../../src/hub/filters/filter.js";
import { defaultFilterLimits } from "../../../src/hub/filters/filter-limits.js";
import { FilterTrie } from "../../../src/hub/filters/filter-trie.js";
import { maxVaryingParts } from "../../../src/hub/patterns/pattern.js";
import { parseTopic } from "../../../src/hub/topics/topic.js";
import { urlPatternsFor } from "../../../src/hub/patterns/url-pattern-cache.js";

const baseUrl = "https://hub.example/.well-known/mercure";
const { urls } = urlPatternsFor(baseUrl);

function urlPattern(text: string): TopicFilter {
  return parseUrlPatternFilter(text, { baseUrl });
}

/**
 * The largest number of index nodes for one topic. A node is a beginning of 1 to 7 levels. The first and last levels
 * are literal, and at most two of the other levels are wildcards.
 */
const maxPlaces = 42;

/** A trie that adds only accepted filters, as a hub does. */
class Fixture {
  readonly trie = new FilterTrie<string>({ urls });
  readonly refusals: string[] = [];

  add(filter: TopicFilter): boolean {
    const refusal = this.trie.refusalOf([filter]);
    if (refusal === undefined) this.trie.add(filter, "someone");
    else this.refusals.push(refusal);
    return refusal === undefined;
  }

  comparedWith(topic: string): number {
    const before = this.trie.compared;
    this.trie.match(parseTopic(topic), () => undefined);
    return this.trie.compared - before;
  }
}

describe("a topic is compared", () => {
  it("with the patterns that begin like it, not with others", () => {
    const fixture = new Fixture();
    for (let index = 0; index < 3000; index += 1) {
      fixture.add(urlPattern(`https://host-${index % 50}.example/books/:id/chapters/${index}/:page`));
      fixture.add(
        parseTemplateFilter(`https://host-${index % 50}.example/users/{id}/files/${index}/{part}{?q}`),
      );
    }
    expect(fixture.refusals).toEqual([]);
    expect(fixture.comparedWith("https://host-7.example/books/1/chapters/57/2")).toBe(1);
    expect(fixture.comparedWith("https://host-8.example/users/1/files/58/2?q=1")).toBe(1);
    expect(fixture.comparedWith("news/sport")).toBe(0);
  });

  it(
    "with a bounded number of patterns, whatever somebody subscribes with to slow it down",
    { timeout: 60_000 },
    () => {
      const fixture = new Fixture();
      let sent = 0;
      for (const { length, wildcards } of mixtures(7)) {
        const path = (wildcard: (at: number) => string): string =>
          ["a", "b", "c", "d", "e", "f", "g"]
            .slice(0, length)
            .map((name, at) => `/${wildcards.includes(at) ? wildcard(at) : name}`)
            .join("");
        for (let index = 0; index < 110; index += 1) {
          fixture.add(parseTemplateFilter(`https://h.example${path((at) => `{x${at}}`)}/{y}-${index}`));
          fixture.add(urlPattern(`https://h.example${path((at) => `:x${at}`)}/*/${index}`));
          sent += 1;
        }
      }
      for (let index = 0; index < 600; index += 1) {
        fixture.add(urlPattern(`*://*/*/${index}`));
        fixture.add(parseTemplateFilter(`{x}/${index}`));
        sent += 1;
      }
      const bound = 2 * maxPlaces * defaultFilterLimits.alike + defaultFilterLimits.withoutPrefix;
      expect(bound).toBe(9400);
      const compared = fixture.comparedWith("https://h.example/a/b/c/d/e/f/g/h");
      expect(compared).toBeLessThanOrEqual(bound);
      expect(compared, "the patterns were aimed well").toBeGreaterThan(bound / 2);
      expect(sent).toBeGreaterThan(25_000);
    },
  );
});

describe("matching one pattern", () => {
  const longest = 1000;
  const hostile: readonly (readonly [string, string])[] = [
    [`/${"*a".repeat(60)}b{c}+`, `/${"a".repeat(longest)}bc!`],
    [`/${Array.from({ length: 60 }, (_, at) => `:x${at}-`).join("")}b{c}+`, `/${"-".repeat(longest)}bc!`],
    ["/{a}*{a}*{a}*{a}*{a}*{a}*b{c}+", `/${"a".repeat(longest)}bc!`],
    ["/{:x-}*{:y-}*{:z-}*b{c}+", `/${"a-".repeat(longest / 2)}bc!`],
    ["{/:x}*{/:y}*{/:z}*{/:w}*b{c}+", `${"/a".repeat(longest / 2)}bc!`],
    ["/*-{ab}*c{c}+", `/-${"ab".repeat(longest / 4)}-${"ab".repeat(longest / 4)}cc!`],
    ["/*-{/:x}*c{c}+", `/-${"/b".repeat(longest / 4)}-${"/b".repeat(longest / 4)}cc!`],
    ["/(a|a)*b{a}+", `/${"a".repeat(longest)}bc!`],
    ["/((?:(?:a*)*)*)b", `/${"a".repeat(longest)}bc!`],
  ];
  it.each(hostile)("costs no more than its parts times the topic's length: %s", (text, topic) => {
    const filter = parseUrlPatternFilter(text, { baseUrl });
    if (filter.kind !== "urlpattern") throw new Error("a URL pattern was parsed");
    const work = { steps: 0 };
    const url = filter.urls.parse(parseTopic(topic));
    if (url === undefined) throw new Error("the topic is a URL");
    filter.pattern.matches(url, work);
    expect(work.steps).toBeGreaterThan(0);
    expect(work.steps).toBeLessThan(5 * maxVaryingParts * longest);
  });

  it.each([
    ["{+a}{+b}{+c}{+d}{+e}{+f}{+g}{+h}!", "a".repeat(longest)],
    ["{+a*}{+b*}{+c*}{+d*}", `${"a,".repeat(longest / 2)}\u00e9`],
    ["x{/a*}{/b*}{/c*}{/d*}!", `x${"/a=b".repeat(longest / 4)}`],
    ["{a:999}{b:999}{c:999}{d:999}!", "%C3%A9".repeat(longest / 6)],
  ])("of URI templates too: %s", (text, topic) => {
    const filter = parseTemplateFilter(text);
    if (filter.kind !== "template") throw new Error("a template was parsed");
    const work = { steps: 0 };
    expect(matchesTemplate(filter, parseTopic(topic), work)).toBe(false);
    expect(work.steps).toBeLessThan(5 * maxVaryingParts * longest);
  });
});

/** Every way to put wildcards into this number of levels, or fewer. */
function mixtures(levels: number): { readonly length: number; readonly wildcards: readonly number[] }[] {
  return Array.from({ length: levels + 1 }, (_, length) =>
    Array.from({ length: 2 ** length }, (_, mask) => ({
      length,
      wildcards: Array.from({ length }, (_, at) => at).filter((at) => (mask >> at) % 2 === 1),
    })),
  ).flat();
}
