import { describe, expect, it } from "vitest";
import { allTopics, filterSetKey, matchesFilter, parseMqttFilter } from "../../../src/hub/filters/filter.js";
import { parseHubTopic } from "../../../src/hub/topics/topic.js";

describe("parseMqttFilter", () => {
  it.each(["a", "a/b", "c-sharp", "/", "$SYS", "$SYS/a", "*a", "a//b", "a".repeat(1024)])(
    "takes %j as that one topic",
    (text) => {
      expect(parseMqttFilter(text)).toEqual({ kind: "exact", text, topic: text });
    },
  );

  it.each([
    "#",
    "+",
    "a/#",
    "a/+",
    "+/a",
    "+/+",
    "/#",
    "/+",
    "+/",
    "a/+/b",
    "+/#",
    "a//#",
    "$SYS/#",
    "+/".repeat(63) + "+",
  ])("takes %j as a pattern", (text) => {
    expect(parseMqttFilter(text)).toEqual({ kind: "mqtt", text, levels: text.split("/") });
  });

  it.each([
    ["nothing", ""],
    ["# that is not last", "#/a"],
    ["# that is not last, deeper", "a/#/b"],
    ["# twice", "#/#"],
    ["# beside text", "a#"],
    ["# beside text in the last level", "a/b#"],
    ["# before text", "#a"],
    ["##", "##"],
    ["+ beside text", "a+"],
    ["+ before text", "+a"],
    ["+ inside a level", "a/b+/c"],
    ["++", "++"],
    ["+#", "+#"],
    ["65 levels", `${"+/".repeat(64)}a`],
    ["a control character", "a/\n/#"],
    ["a lone surrogate", "\udfff/#"],
    ["too many bytes", `${"a".repeat(1023)}/#`],
    ["what no topic may be", "*"],
    ["the hub's own path", "/esupdates"],
  ])("refuses %s", (_name, text) => {
    expect(() => parseMqttFilter(text)).toThrowError(expect.objectContaining({ code: "bad-filter" }));
  });
});

describe("matchesFilter", () => {
  const examples: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ["a", ["a"], ["A", "a/", "/a", "a/b", "$a"]],
    ["a/b", ["a/b"], ["a", "a/b/", "a/b/c", "a//b"]],
    ["#", ["a", "a/b", "/", "//", "+", "#", "a#"], ["$SYS", "$SYS/a", "$"]],
    ["+", ["a", "+", "#"], ["a/b", "/", "/a", "a/", "$SYS", "$"]],
    ["a/#", ["a", "a/", "a/b", "a/b/c", "a//"], ["b", "ab", "/a", "A"]],
    ["a/+", ["a/", "a/b", "a/+", "a/#", "a/$x"], ["a", "a/b/c", "a/b/"]],
    ["+/+", ["a/b", "/", "a/", "/b"], ["a", "a/b/c", "$a/b"]],
    ["/+", ["/a", "/"], ["a", "/a/b"]],
    ["/#", ["/", "/a", "//"], ["a", "a/"]],
    ["+/#", ["a", "a/b", "/"], ["$SYS", "$SYS/a"]],
    ["a/+/c", ["a/b/c", "a//c"], ["a/c", "a/b/b/c", "a/b/c/"]],
    ["$SYS/#", ["$SYS", "$SYS/", "$SYS/a"], ["SYS/a", "$SY"]],
    ["$SYS/+", ["$SYS/a", "$SYS/"], ["$SYS", "$SYS/a/b"]],
    ["+/a/#", ["x/a", "/a/b"], ["$x/a"]],
  ];
  it.each(examples.flatMap(([filter, matched]) => matched.map((topic) => [filter, topic] as const)))(
    "%s matches %s",
    (filter, topic) => {
      expect(matchesFilter(parseMqttFilter(filter), parseHubTopic(topic))).toBe(true);
    },
  );
  it.each(examples.flatMap(([filter, , others]) => others.map((topic) => [filter, topic] as const)))(
    "%s does not match %s",
    (filter, topic) => {
      expect(matchesFilter(parseMqttFilter(filter), parseHubTopic(topic))).toBe(false);
    },
  );

  it("matches every topic with the filter of all, $ topics included", () => {
    for (const topic of ["a", "$SYS", "/"]) expect(matchesFilter(allTopics, parseHubTopic(topic))).toBe(true);
  });
});

describe("filterSetKey", () => {
  const key = (...filters: readonly string[]): string =>
    filterSetKey(filters.map((text) => parseMqttFilter(text)));

  it("counts neither order nor repetition", () => {
    expect(key("b", "a", "b")).toBe(key("a", "b"));
  });

  it("tells sets apart whose texts look alike", () => {
    const keys = [
      key("a", "b"),
      key("a,b"),
      key('a","exact:b'),
      key("ab"),
      key("a"),
      filterSetKey([allTopics]),
      key("#"),
      key("a".repeat(1000), "b"),
      key("a".repeat(999), "b"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.every(({ length }) => length <= 100)).toBe(true);
  });
});
