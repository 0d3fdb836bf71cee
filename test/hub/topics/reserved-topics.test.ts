import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isReservedTopic } from "../../../src/hub/topics/reserved-topics.js";
import { parsePublication } from "../../../src/hub/publications/publication.js";
import { parseIngestMessage } from "../../../src/ingress/zeromq/message.js";

const reserved = [
  "/.well-known/mercure/subscriptions/exact/a/urn:uuid:1",
  "https://other.example/.well-known/mercure/x",
  "/x/../.well-known/mercure/subscriptions/exact/a/b",
  "/.well-known/mercur%65/x",
  "\\.well-known\\mercure\\x",
  "mercure/subscriptions/exact/a/b",
  "/.well-known/mercure",
  "http:mercure/x",
  "foo:/.well-known/mercure/x",
];

/** Topics that resolve to the hub's own path, but not to a path below. */
const ownPath = ["mercure", "?x", "#x", " #x", "https:mercure", "https:", "/.well-known/%6Dercure"];

describe("the hub's own namespace", () => {
  it.each(reserved)("%j is refused at every way in", (topic) => {
    // Bug: the ZeroMQ ingress accepted all of these topics but the first. URL patterns compare the normalised topic, so
    // watchers mistook these topics for the hub's own topics.
    const refusal = expect.objectContaining({ code: "bad-topic" });
    expect(() => parsePublication({ topics: ["a", topic], data: "" })).toThrowError(refusal);
    const frames = [Buffer.from(topic), Buffer.from("forged")];
    expect(() => parseIngestMessage(frames)).toThrowError(refusal);
  });

  it.each(ownPath)("%j is refused where Mercure publishes, and a topic elsewhere", (topic) => {
    expect(isReservedTopic(topic)).toBe(true);
    expect(parsePublication({ topics: [topic], data: "" }).topics).toEqual([topic]);
  });

  it.each([
    "news",
    "mercury",
    "Mercure",
    "x/mercure",
    "c#",
    "a?b",
    "/.well-known/mercurex",
    "%6D",
    "ftp:mercure",
  ])("%j is not in it", (topic) => {
    expect(parsePublication({ topics: [topic], data: "" }).topics).toEqual([topic]);
  });

  const seed = 20_261_121;

  it(`is known by a quick look that overlooks nothing (seed ${seed})`, () => {
    const pieces = [
      ["m", "e", "r", "c", "u", ".", "/", "\\", "?", "#", "%", ":", " ", "a", "M", "é"],
      ["mercure", ".well-known", "%6d", "%6D", "%65", "%72", "%63", "%75", "%2e", "..", "//"],
      ["https:", "HTTP:", "http:", "ftp:"],
    ].flat();
    const start = fc.constantFrom("", "/.well-known/", "/.well-known/mercure", "https://a/.well-known/");
    const text = fc.tuple(start, fc.array(fc.constantFrom(...pieces), { maxLength: 8 }));
    let count = 0;
    fc.assert(
      fc.property(text, ([first, rest]) => {
        const topic = first + rest.join("");
        const isReserved = ["http", "https"].some((scheme) => resolvesToHub(topic, scheme));
        if (isReserved) count += 1;
        expect([topic, isReservedTopic(topic)]).toEqual([topic, isReserved]);
      }),
      { seed, numRuns: 20_000 },
    );
    expect(count).toBeGreaterThan(1000);
  });
});

/** A second implementation of the rule, as simple as possible. */
function resolvesToHub(topic: string, scheme: string): boolean {
  const base = `${scheme}://hub.example/.well-known/mercure`;
  if (!URL.canParse(topic, base)) return false;
  const path = new URL(topic, base).pathname.replaceAll(
    /%([46][1-9A-F]|[57][0-9A]|3[0-9]|2[DE]|5F|7E)/gi,
    (escape) => decodeURIComponent(escape),
  );
  return /^\/\.well-known\/mercure(\/|$)/.test(path);
}
