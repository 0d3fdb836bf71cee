import * as fc from "fast-check";
import { expect, it } from "vitest";
import { parseQuery } from "../../../src/gateway/http/query.js";

it.each([
  { query: "", pairs: [] },
  { query: "a=1", pairs: [["a", "1"]] },
  { query: "a", pairs: [["a", ""]] },
  { query: "a=", pairs: [["a", ""]] },
  { query: "=a", pairs: [["", "a"]] },
  { query: "a=b=c", pairs: [["a", "b=c"]] },
  {
    query: "a=1&&b=2",
    pairs: [
      ["a", "1"],
      ["", ""],
      ["b", "2"],
    ],
  },
  { query: "a=1;b=2", pairs: [["a", "1;b=2"]] },
  {
    query: "a=+&a=%2B",
    pairs: [
      ["a", "+"],
      ["a", "+"],
    ],
  },
  { query: "__proto__=x", pairs: [["__proto__", "x"]] },
  { query: "a=1?b=2", pairs: [["a", "1?b=2"]] },
])("reads $query", ({ query, pairs }) => {
  expect(parseQuery(query)).toEqual(pairs);
});

it("reads back what encodeURIComponent wrote, in order", () => {
  const texts = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(fc.array(fc.tuple(texts, texts), { minLength: 1 }), (pairs) => {
      const query = pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
      expect(parseQuery(query)).toEqual(query === "" ? [] : pairs);
    }),
    { seed: 20_110_701 },
  );
});

it.each(["a=%", "a=%4", "a=%zz", "%ff=a", "a=%c3%28", "a=%ed%a0%80"])("refuses %s", (query) => {
  expect(() => parseQuery(query)).toThrow(expect.objectContaining({ code: "bad-request" }));
});
