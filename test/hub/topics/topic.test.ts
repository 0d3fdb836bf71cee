import { describe, expect, it } from "vitest";
import { parseTopic } from "../../../src/hub/topics/topic.js";

describe("parseTopic", () => {
  it.each([
    "news",
    "c#",
    "a+b",
    "+",
    "a/+/#",
    "$SYS/load",
    "#general",
    "/",
    "//",
    "/leading",
    "trailing/",
    "a b",
    "*a",
    "**",
    "https://example.com/books/1?x=y#z",
    "zażółć/日本語/🚦",
    "می\u200cخواهم/👩\u200d🚒",
    "/esupdatesx",
    "x/esupdates",
    "e\u0301 is not é",
    "a".repeat(1024),
  ])("takes %j unchanged", (text) => {
    expect(parseTopic(text)).toBe(text);
  });

  it.each([
    ["nothing", ""],
    ["the topic *", "*"],
    ["the hub's own path", "/esupdates"],
    ["what is below the hub's own path", "/esupdates/x"],
    ["the other hub path", "/.well-known/mercure"],
    ["what is below the other hub path", "/.well-known/mercure/subscriptions"],
    ["LF", "a\nb"],
    ["CR", "a\rb"],
    ["NUL", "a\0b"],
    ["a tab", "a\tb"],
    ["DEL", "a\u007f"],
    ["a C1 control", "a\u0085"],
    ["a lone surrogate", "a\ud800"],
    ["1,025 bytes", "a".repeat(1025)],
    ["342 characters of three bytes", "日".repeat(342)],
  ])("refuses %s", (_name, text) => {
    expect(() => parseTopic(text)).toThrowError(expect.objectContaining({ code: "bad-topic" }));
  });

  it("counts bytes against the limit that it is given", () => {
    expect(parseTopic("éé", 4)).toBe("éé");
    expect(() => parseTopic("ééa", 4)).toThrowError(/at most 4 bytes/);
  });
});
