import * as fc from "fast-check";
import { expect, it } from "vitest";
import { compactJson, fieldOf, itemsOf } from "../../../src/base/json/json-slices.js";

const options = { seed: 20_261_201, numRuns: 3000 };
const spaces = fc.constantFrom(undefined, 1, "\t", "  ");
const json = fc
  .tuple(fc.jsonValue(), spaces)
  .map(([value, space]) => JSON.stringify(value, undefined, space));

it("the items of a list are what JSON.parse finds", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), spaces, (list, space) => {
      const text = ` ${JSON.stringify(list, undefined, space)}\n`;
      expect([...itemsOf(text)].map((item) => JSON.parse(item) as unknown)).toEqual(JSON.parse(text));
    }),
    options,
  );
});

it("a field is what JSON.parse finds", () => {
  const object = fc.dictionary(fc.string({ unit: "grapheme-composite" }), fc.jsonValue());
  fc.assert(
    fc.property(object, spaces, (fields, space) => {
      const text = JSON.stringify(fields, undefined, space);
      for (const [name, value] of Object.entries(fields))
        expect(JSON.stringify(JSON.parse(fieldOf(text, name) ?? ""))).toBe(JSON.stringify(value));
      expect(fieldOf(text, "no such name")).toBeUndefined();
    }),
    options,
  );
});

it("a text without its white space has the same value", () => {
  fc.assert(
    fc.property(json, (text) => {
      expect(compactJson(text)).toBe(JSON.stringify(JSON.parse(text)));
    }),
    options,
  );
});

it.each([
  ['{ "a" : 12345678901234567890 , "b" : 1.0 }', '{"a":12345678901234567890,"b":1.0}'],
  ['[ 1e400,\t"a  b\\"  c", true ]', '[1e400,"a  b\\"  c",true]'],
  ["  null\n", "null"],
  ['"\\\\"  ', '"\\\\"'],
])("%j becomes %j: numbers and texts stay as they are written", (text, compact) => {
  expect(compactJson(text)).toBe(compact);
});

it("the last of several fields with one name counts, also if the name is written with escapes", () => {
  expect(fieldOf('{"data":1,"d\\u0061ta":[2, 3],"other":{"data":4}}', "data")).toBe("[2, 3]");
  expect(JSON.parse('{"data":1,"d\\u0061ta":[2, 3]}')).toEqual({ data: [2, 3] });
});
