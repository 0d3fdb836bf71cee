import * as fc from "fast-check";
import { URLPattern } from "urlpattern-polyfill/urlpattern";
import { describe, expect, it } from "vitest";
import { matchesFilter, parseUrlPatternFilter } from "../../../src/hub/filters/filter.js";
import { parseTopic } from "../../../src/hub/topics/topic.js";
import { urlComponents } from "../../../src/hub/topics/topic-url.js";
import type { PatternComponents } from "../../../src/hub/patterns/url-pattern-parser.js";
import { splitPattern } from "../../../src/hub/patterns/url-pattern-parser.js";

const baseUrl = "https://hub.example/.well-known/mercure";

function matches(pattern: string, topic: string): boolean {
  return matchesFilter(parseUrlPatternFilter(pattern, { baseUrl }), parseTopic(topic));
}

describe("parseUrlPatternFilter", () => {
  it.each([
    ["nothing", ""],
    ["a control character", "/a\n"],
    ["a lone surrogate", "/a\udfff"],
    ["a character that is not shown", "/a\u200b"],
    ["too many bytes", `/${"a".repeat(1024)}`],
    ["a group that is not closed", "/a/(b"],
    ["a brace that is not closed", "/a/{b"],
    ["a modifier of nothing", "/a/+"],
    ["a name that comes twice", "/:a/:a"],
    ["a group inside a group", "/((a))"],
    ["a group beyond ASCII", "/(é)"],
    ["look-ahead", "/(a(?=b)b)"],
    ["look-behind", "/(a(?<=a)b)"],
    ["a reference back", "/(a(?<n>b)\\k<n>)"],
    ["more repetitions than allowed", "/(a{200})/(b{200})"],
    ["a regular expression that is too large written out", `/((?:${"a?".repeat(440)}){250})`],
    ["a regular expression that is too large", `/(${"\\d{2}a".repeat(100)})`],
    ["more wildcards than allowed", `/${"a*".repeat(65)}`],
  ])("refuses %s", (_name, text) => {
    expect(() => parseUrlPatternFilter(text, { baseUrl })).toThrowError(
      expect.objectContaining({ code: "bad-filter" }),
    );
  });

  it("says what regular expressions it takes", () => {
    expect(() => parseUrlPatternFilter("/(a(?=b)b)", { baseUrl })).toThrowError(
      /without lookahead, lookbehind and back-references/,
    );
  });
});

describe("a URL pattern", () => {
  const examples: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      "https://example.com/books/:id",
      [
        "https://example.com/books/1",
        "https://EXAMPLE.com:443/books/x?q#h",
        "https://u:p@example.com/./books/1",
      ],
      [
        "https://example.com/books/",
        "https://example.com/books/1/2",
        "http://example.com/books/1",
        "books/1",
        "https://example.com/Books/1",
      ],
    ],
    ["/books/:id", ["https://hub.example/books/1", "/books/1"], ["https://example.com/books/1", "books/1"]],
    [
      "books/*",
      ["books/1/2", "/.well-known/books/", "https://hub.example/.well-known/books/1"],
      ["/books/1"],
    ],
    [
      "http{s}?://*.example.com/a",
      ["https://x.example.com/a", "http://x.y.example.com/a"],
      ["https://example.com/a", "ftp://x.example.com/a"],
    ],
    [
      "*://:host.example.com/*",
      ["https://a.example.com/", "ws://b.example.com/x/y"],
      ["https://a.b.example.com/"],
    ],
    [
      "https://example.com/:a-:b",
      ["https://example.com/x-y", "https://example.com/x-y-z"],
      ["https://example.com/x", "https://example.com/-"],
    ],
    ["/a{/:lang}?/b", ["/a/b", "/a/en/b"], ["/a/en/us/b", "/a//b"]],
    ["/a/:x*", ["/a", "/a/b", "/a/b/c"], ["/a/", "/ab"]],
    ["/a/:x+", ["/a/b", "/a/b/c"], ["/a", "/a/"]],
    ["/a/:x?", ["/a", "/a/b"], ["/a/", "/a/b/c"]],
    ["/a/(\\d+)", ["/a/12"], ["/a/", "/a/b", "/a/1b"]],
    ["/a/:file(.*\\.jpg|png)", ["/a/b.jpg", "/a/png"], ["/a/b.png"]],
    ["/a/(\\d+)?", ["/a/1", "/a"], ["/a/x"]],
    ["/a?q=:x", ["/a?q=1", "/a?q=1&r=2"], ["/a", "/a?q=", "/a?r=1"]],
    ["/a#:x", ["/a#1"], ["/a", "/a#"]],
    ["/é/:x", ["/é/1", "/%C3%A9/1"], ["/e/1"]],
    ["https://*/x", ["https://a/x"], ["https://b:8080/x"]],
    ["urn\\:book\\:*", ["urn:book:1", "urn:book:1/2"], ["urn:film:1"]],
    ["*", ["a", "/.well-known/x"], ["/x", "https://example.com/"]],
    ["*://*:*/*", ["a", "https://example.com/"], ["urn:x"]],
  ];
  it.each(examples.flatMap(([pattern, matched]) => matched.map((topic) => [pattern, topic] as const)))(
    "%s matches %s",
    (pattern, topic) => {
      expect(matches(pattern, topic)).toBe(true);
    },
  );
  it.each(examples.flatMap(([pattern, , others]) => others.map((topic) => [pattern, topic] as const)))(
    "%s does not match %s",
    (pattern, topic) => {
      expect(matches(pattern, topic)).toBe(false);
    },
  );

  it.each(["https://", "http://[", "https://a b/", "https://exa%zzmple/"])(
    "matches nothing that is no URL: %s",
    (topic) => {
      expect(matches("*://*/*", topic)).toBe(false);
    },
  );

  it("matches what a URLPattern matches", { timeout: 60_000 }, () => {
    let compared = 0;
    fc.assert(
      fc.property(pattern, fc.array(topic, { minLength: 5, maxLength: 5 }), (text, topics) => {
        const reference = referenceFor(text);
        if (reference === undefined) return;
        for (const topic of topics) {
          compared += 1;
          expect(matches(text, topic), `${text} with ${topic}`).toBe(reference.test(topic, baseUrl));
        }
      }),
      { seed: 8, numRuns: 1500 },
    );
    expect(compared).toBeGreaterThan(2000);
  });
});

it("reads patterns of the usual form like all others", { timeout: 60_000 }, () => {
  const segment = fc.constantFrom(
    "a",
    "a.b",
    "..",
    ".",
    ".a",
    "~",
    "-",
    ":x",
    ":y",
    "*",
    ":x_1",
    "A%41",
    "é",
    "",
  );
  const host = fc.constantFrom(
    "example.com",
    "h",
    "a-b.c",
    "1.2.3.4",
    "1",
    "a.1",
    "xn--9ca.com",
    "xn--a.com",
    "-a.com",
    "a..b",
  );
  const usual = fc
    .tuple(fc.constantFrom("http", "https"), host, fc.array(segment, { minLength: 1, maxLength: 4 }))
    .map(([scheme, host, segments]) => `${scheme}://${host}/${segments.join("/")}`);
  fc.assert(
    fc.property(usual, (text) => {
      const reference = referenceFor(text);
      const read = (pattern: PatternComponents): string[] => urlComponents.map((name) => pattern[name]);
      const found = isPattern(text) ? read(splitPattern(text, baseUrl)) : undefined;
      expect([text, found]).toEqual([text, reference === undefined ? undefined : read(reference)]);
    }),
    { seed: 9, numRuns: 500 },
  );
});

const pieces = "/ /a b - . /:x :y * /* {/c}? {/:z}* {b-:w}+ {a}* (\\d+) /(a|b) \\* ?q= #".split(" ");
const piece = fc.constantFrom(...pieces);
const pattern = fc
  .tuple(
    fc.constantFrom("/", "https://example.com/", "http{s}?://*.com/", ":p://:h.com/", "urn\\:"),
    fc.array(piece, { maxLength: 6 }),
  )
  .map(([start, rest]) => start + rest.join(""));
const topic = fc
  .tuple(
    fc.constantFrom(
      "x",
      "/",
      "https://example.com/",
      "http://a.com/",
      "urn:",
      "https://hub.example/.well-known/",
    ),
    fc.array(fc.constantFrom("/", "a", "b", "-", ".", "1", "/a", "?q=", "#", "*", "é"), { maxLength: 6 }),
  )
  .map(([start, rest]) => start + rest.join(""))
  // The reference implementation reads a path that begins with two slashes as a host.
  .filter((text) => URL.canParse(text, baseUrl) && !new URL(text, baseUrl).pathname.startsWith("//"));

function isPattern(text: string): boolean {
  try {
    splitPattern(text, baseUrl);
    return true;
  } catch {
    return false;
  }
}

function referenceFor(text: string): URLPattern | undefined {
  for (const base of [undefined, baseUrl]) {
    try {
      return new URLPattern(text, base);
    } catch {
      // The text is a relative URL, or no pattern.
    }
  }
  return undefined;
}
