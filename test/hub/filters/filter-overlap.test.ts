import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  allTopics,
  matchesFilter,
  parseExactFilter,
  parseMqttFilter,
  parseTemplateFilter,
  parseUrlPatternFilter,
} from "../../../src/hub/filters/filter.js";
import type { TopicFilter } from "../../../src/hub/filters/filter.js";
import { mayMatchBelow } from "../../../src/hub/filters/filter-overlap.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";

const baseUrl = "https://example.com/.well-known/mercure";
const parent = parseHubTopic("/.well-known/mercure/subscriptions");

const urlPattern = (text: string): TopicFilter => parseUrlPatternFilter(text, { baseUrl });

describe("filters that may match a topic below another", () => {
  it.each<readonly [string, TopicFilter]>([
    ["every topic", allTopics],
    ["a topic below it", parseExactFilter("/.well-known/mercure/subscriptions/exact/news/urn")],
    ["every topic by MQTT", parseMqttFilter("#")],
    ["levels that begin like it", parseMqttFilter("/.well-known/+/subscriptions/+/news/+")],
    ["fewer levels and any number of others", parseMqttFilter("/.well-known/#")],
    [
      "a template that begins like it",
      parseTemplateFilter("/.well-known/mercure/subscriptions{/topic}{/id}"),
    ],
    ["a template without a beginning", parseTemplateFilter("{+anything}")],
    ["a pattern of its paths", urlPattern("/.well-known/mercure/subscriptions/:type/:match/:id")],
    ["a pattern of any host", urlPattern("*://*/*")],
  ])("are %s", (_, filter) => {
    expect(mayMatchBelow(filter, parent)).toBe(true);
  });

  it.each<readonly [string, TopicFilter]>([
    ["the topic itself", parseExactFilter("/.well-known/mercure/subscriptions")],
    ["one that only begins with its letters", parseExactFilter("/.well-known/mercure/subscriptionsX/a")],
    ["other levels", parseMqttFilter("news/#")],
    ["levels that part from it", parseMqttFilter("/+/other/#")],
    ["a template that begins otherwise", parseTemplateFilter("https://example.com/books/{id}")],
    ["a pattern of another host", urlPattern("https://other.example/*")],
    ["a pattern of other paths", urlPattern("/books/:id")],
  ])("are not %s", (_, filter) => {
    expect(mayMatchBelow(filter, parent)).toBe(false);
  });

  it("are all those that do match one", () => {
    const wildcards = ["+", "{a}", ":a", "*", "#", "other"];
    const levels = ["", ".well-known", "mercure", "subscriptions", "a", "a"].map((level) =>
      fc.oneof({ weight: 6, arbitrary: fc.constant(level) }, fc.constantFrom(...wildcards)),
    );
    const filters = fc
      .tuple(
        fc.constantFrom("mqtt", "template", "urlpattern", "exact"),
        fc.tuple(...levels),
        fc.nat({ max: levels.length }),
      )
      .map(([kind, all, count]) => parsed(kind, all.slice(0, count + 1).join("/")));
    const topics = fc
      .array(fc.constantFrom("a", "b", "%2F"), { minLength: 1, maxLength: 2 })
      .map((levels) => parseHubTopic(`${parent}/${levels.join("/")}`));
    let matched = 0;
    const test = (filter: TopicFilter | undefined, topic: ReturnType<typeof parseHubTopic>): boolean =>
      filter === undefined ||
      !matchesFilter(filter, topic) ||
      ((matched += 1) > 0 && mayMatchBelow(filter, parent));
    fc.assert(fc.property(filters, topics, test), { seed: 1, numRuns: 5000 });
    expect(matched).toBeGreaterThan(100);
  });
});

/** Returns undefined if the text is no filter of this kind. */
function parsed(kind: string, text: string): TopicFilter | undefined {
  try {
    if (kind === "mqtt") return parseMqttFilter(text);
    if (kind === "template") return parseTemplateFilter(text);
    return kind === "exact" ? parseExactFilter(text) : urlPattern(text);
  } catch {
    return undefined;
  }
}
