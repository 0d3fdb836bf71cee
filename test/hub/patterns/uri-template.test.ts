import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matchesFilter, parseTemplateFilter } from "../../../src/hub/filters/filter.js";
import { parseTopic } from "../../../src/hub/topics/topic.js";
import { expand } from "./expand-template.js";
import type { Expression, Value } from "./expand-template.js";

function matches(template: string, topic: string): boolean {
  return matchesFilter(parseTemplateFilter(template), parseTopic(topic));
}

describe("parseTemplateFilter", () => {
  it("takes * for every topic", () => {
    expect(parseTemplateFilter("*").kind).toBe("all");
  });

  it.each([
    "https://example.com/a",
    "a b",
    "{",
    "}",
    "a{}",
    "{a",
    "{a b}",
    "{=a}",
    "{a:0}",
    "{a:10000}",
    "{a}}",
    "<{a}>",
  ])("takes %j as that one topic, since it is no template with an expression", (text) => {
    expect(parseTemplateFilter(text)).toMatchObject({ kind: "exact", topic: text });
  });

  it("takes the hub's own topics, which presence publishes", () => {
    expect(parseTemplateFilter("/.well-known/mercure/subscriptions{/topic}{/subscriber}").kind).toBe(
      "template",
    );
    expect(parseTemplateFilter("/.well-known/mercure/subscriptions/a").kind).toBe("exact");
  });

  it.each([
    ["nothing", ""],
    ["a control character", "{a}\n"],
    ["a lone surrogate", "{a}\udfff"],
    ["too many bytes", `{a}${"a".repeat(1022)}`],
    ["too many variables", "{a}".repeat(65)],
  ])("refuses %s", (_name, text) => {
    expect(() => parseTemplateFilter(text)).toThrowError(expect.objectContaining({ code: "bad-filter" }));
  });
});

describe("a template matches what it can be expanded to", () => {
  const examples: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    [
      "/a/{x}",
      ["/a/", "/a/b", "/a/b,c", "/a/%C3%A9", "/a/{x}"],
      ["/a", "/a/b/c", "/a/é", "/a/b?c", "/a/%zz"],
    ],
    ["/a/{x}/b", ["/a/1/b", "/a//b"], ["/a/1/c", "/a/1/2/b", "/a/1/b/"]],
    ["{+x}", ["a/b?c=d#e", "%20"], ["a b", "é"]],
    ["/a{#x}", ["/a", "/a#", "/a#b/c"], ["/ab", "/a/b"]],
    ["/a{.x,y}", ["/a", "/a.b", "/a.b.c"], ["/ab", "/a,b"]],
    ["/a{/x,y}", ["/a", "/a/b", "/a/b/c"], ["/a/b/c/d", "/ab"]],
    ["/a{/x*}", ["/a", "/a/b", "/a/b/c/d", "/a/k=v/l=w"], ["/a/k=v/l", "/ab", "/a/b=c=d"]],
    ["/a{;x,y}", ["/a", "/a;x", "/a;x=1;y=2", "/a;y"], ["/a;z", "/a;y;x", "/a;x=1;x=2"]],
    [
      "/a{?x,y}",
      ["/a", "/a?x=", "/a?x=1", "/a?x=1&y=2", "/a?y=2", "/a?x=1,2"],
      ["/a?", "/a?x", "/a?z=1", "/a?y=1&x=2"],
    ],
    ["/a{?x*}", ["/a", "/a?k=v", "/a?x=1&x=2"], ["/a?", "/a?k"]],
    ["/a{&x}", ["/a", "/a&x=1"], ["/a?x=1"]],
    [
      "/a/{x:2}",
      ["/a/", "/a/b", "/a/bc", "/a/%C3%A9%C3%A8", "/a/%E2%82%AC1"],
      ["/a/bcd", "/a/%C3%A9%C3%A8b"],
    ],
    ["/a/{x:2}/{x}", ["/a/bc/bcd"], ["/a/bcd/bcd"]],
    ["/é/{x}", ["/é/1", "/%C3%A9/1"], ["/e/1"]],
  ];
  it.each(examples.flatMap(([template, matched]) => matched.map((topic) => [template, topic] as const)))(
    "%s matches %s",
    (template, topic) => {
      expect(matches(template, topic)).toBe(true);
    },
  );
  it.each(examples.flatMap(([template, , others]) => others.map((topic) => [template, topic] as const)))(
    "%s does not match %s",
    (template, topic) => {
      expect(matches(template, topic)).toBe(false);
    },
  );

  const value: fc.Arbitrary<Value | undefined> = fc.option(
    fc.oneof(
      fc.string({ unit: fc.constantFrom("a", "é", "/", "=", ",", ".", " ", "%", "&", "€"), maxLength: 6 }),
      fc.array(fc.constantFrom("a", "", "b/c", "é,"), { minLength: 1, maxLength: 3 }),
      fc
        .array(fc.tuple(fc.constantFrom("k", "l", "é"), fc.constantFrom("", "v", "w&x")), {
          minLength: 1,
          maxLength: 3,
        })
        .map((pairs) => new Map(pairs)),
    ),
    { nil: undefined },
  );
  const variable = fc
    .record({
      name: fc.constantFrom("x", "y", "long_name"),
      value,
      modifier: fc.constantFrom("", "*", ":1", ":3"),
    })
    // RFC 6570, 2.4.1, defines no prefix of a list or a map.
    .filter(({ modifier, value }) => !modifier.startsWith(":") || typeof value === "string");
  const expression: fc.Arbitrary<Expression> = fc.record({
    operator: fc.constantFrom("", "+", "#", ".", "/", ";", "?", "&"),
    variables: fc.array(variable, { minLength: 1, maxLength: 2 }),
  });

  it("whatever its variables hold", { timeout: 60_000 }, () => {
    const literal = fc.constantFrom("a", "/", "a/b", "%20", "é");
    const pieces = fc.array(fc.oneof(literal, expression), { maxLength: 3 });
    fc.assert(
      fc.property(pieces, expression, (some, one) => {
        const { template, expansion } = expand(["t", ...some, one]);
        expect(matches(template, expansion), `${template} matches ${expansion}`).toBe(true);
        expect(matches(template, template), `${template} matches itself`).toBe(true);
      }),
      { seed: 6570, numRuns: 3000 },
    );
  });
});
