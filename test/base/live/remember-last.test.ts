import { expect, it } from "vitest";
import { rememberLast } from "../../../src/base/live/remember-last.js";

it("makes a result again only for another value", () => {
  const made: string[] = [];
  const upper = rememberLast((text: string) => {
    made.push(text);
    return text.toUpperCase();
  });
  expect(["a", "a", "b", "b", "a"].map(upper)).toEqual(["A", "A", "B", "B", "A"]);
  expect(made).toEqual(["a", "b", "a"]);
});

it("makes it again after an error", () => {
  let fails = true;
  const parse = rememberLast((text: string) => {
    if (fails) throw new Error(text);
    return text;
  });
  expect(() => parse("a")).toThrow("a");
  fails = false;
  expect(parse("a")).toBe("a");
});
