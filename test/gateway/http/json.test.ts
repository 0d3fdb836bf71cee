import { describe, expect, it } from "vitest";
import { parseJson } from "../../../src/gateway/http/json.js";

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
});
