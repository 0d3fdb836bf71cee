import { describe, expect, it } from "vitest";
import { parseJson } from "../../../src/base/json/parse-json.js";

const refusal = expect.objectContaining({ code: "bad-publication" });
const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);

describe("parseJson", () => {
  it.each([
    '{"a":[1,{"b":"[[["}]}',
    String.raw`"\"[" `,
    nested(100),
    `[${`${nested(99)},`.repeat(20)}1]`,
    `"${"[".repeat(200)}"`,
  ])("reads what nests at most 100 deep: %#", (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each(["", "{", '"', String.raw`"\ `, "nothing", "]]]", nested(100).slice(1)])("refuses %j", (text) => {
    expect(() => parseJson(text)).toThrowError(refusal);
  });

  it("refuses a million brackets before they are parsed", () => {
    // The parser needed 100 ms to refuse each of these texts, because the error is at the end of the text.
    for (const bracket of ["[", '{"a":']) {
      expect(() => parseJson(bracket.repeat(200_000))).toThrowError(/at most 100 levels deep/);
    }
    expect(() => parseJson(nested(101))).toThrowError(/at most 100 levels deep/);
  });

  // Bug: a text of 1 MiB with many values held the event loop for 180 ms.
  it.each([
    ["items", (count: number) => `[${"1,".repeat(count - 2)}1]`],
    ["lists", (count: number) => `[${"[],".repeat((count - 2) / 2)}1]`],
    ["fields", (count: number) => `{${'"a":1,'.repeat(count - 2)}"a":1}`],
  ])("refuses more than 12,000 values: %s", (_kind, text) => {
    expect(parseJson(text(12_000))).toEqual(JSON.parse(text(12_000)));
    expect(() => parseJson(text(12_002))).toThrowError(/at most 12000 values/);
  });
});
