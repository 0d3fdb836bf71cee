import { describe, expect, it } from "vitest";
import { HpackDecoder } from "../../../../src/fronts/http2/hpack/hpack-decoder.js";
import { emptyTableUpdate, encodeFields } from "../../../../src/fronts/http2/hpack/hpack-encoder.js";
import { staticFields } from "../../../../src/fronts/http2/hpack/static-table.js";
import { decodeAll, dynamicTableOf, hex } from "./fields.js";
import type { NameAndValue } from "./fields.js";

function decodedAgain(fields: readonly NameAndValue[]): NameAndValue[] {
  const decoder = new HpackDecoder();
  const decoded = decodeAll(decoder, encodeFields(fields));
  expect(dynamicTableOf(decoder)).toEqual([]);
  return decoded;
}

describe("an encoded block", () => {
  it.each<[string, NameAndValue, string]>([
    ["one byte for a field of the static table", [":status", "200"], "88"],
    ["one byte for a field without value", ["vary", ""], "bb"],
    ["the index of a known name", [":status", "201"], "0803 3230 31"],
    ["the index of a known name above 14", ["vary", "a"], "0f2c 0161"],
    ["the first index of a name that occurs several times", [":path", "/a"], "0402 2f61"],
    ["the name of another field", ["a", "bc"], "0001 6102 6263"],
    ["set-cookie, never indexed", ["set-cookie", "a"], "1f28 0161"],
    ["authorization, never indexed", ["authorization", "a"], "1f08 0161"],
    ["one byte for each character", ["a", "\u00ff\u0080"], "0001 6102 ff80"],
  ])("has %s", (_what, field, block) => {
    expect(encodeFields([field]).toString("hex")).toBe(hex(block).toString("hex"));
  });

  it("is empty without fields", () => {
    expect(encodeFields([])).toHaveLength(0);
  });

  it("has the fields in order, also twice", () => {
    const fields: readonly NameAndValue[] = [
      ["b", "1"],
      [":status", "200"],
      ["a", "2"],
      ["b", "1"],
    ];
    expect(decodedAgain(fields)).toEqual(fields);
  });

  it("may come from the entries of a map", () => {
    expect(encodeFields(new Map([[":status", "204"]]))).toEqual(hex("89"));
  });

  it.each([0, 1, 126, 127, 128, 254, 255, 16_511, 16_512, 100_000])(
    "may have values of %i bytes",
    (length) => {
      const fields: readonly NameAndValue[] = [
        ["name", "x".repeat(length)],
        ["x".repeat(length), "value"],
      ];
      expect(decodedAgain(fields)).toEqual(fields);
    },
  );

  it("may have all fields and all names of the static table", () => {
    const whole = staticFields.map(({ name, value }): NameAndValue => [name, value]);
    expect(decodedAgain(whole)).toEqual(whole);
    expect(encodeFields(whole)).toHaveLength(staticFields.length);
    const others = staticFields.map(({ name }): NameAndValue => [name, "other"]);
    expect(decodedAgain(others)).toEqual(others);
  });

  it.each<NameAndValue>([
    ["name", "\u0100"],
    // Cut to one byte, this character would be a line feed.
    ["name", "a\u010ab"],
    ["n\u0161me", "value"],
    ["name", "\u{1f600}"],
  ])("has no characters above U+00FF: %j", (name, value) => {
    expect(() => encodeFields([[name, value]])).toThrow(RangeError);
  });
});

it("the update of a connection's first block empties the table of the peer", () => {
  const decoder = new HpackDecoder();
  decodeAll(decoder, hex("400161 0162"));
  expect(decodeAll(decoder, Buffer.concat([emptyTableUpdate, encodeFields([[":status", "200"]])]))).toEqual([
    [":status", "200"],
  ]);
  expect(dynamicTableOf(decoder)).toEqual([]);
});
