import { expect, test } from "vitest";
import { rememberMany } from "../../../src/base/live/remember-many.js";

test("a result is made once for each text", () => {
  const made: string[] = [];
  const lengthOf = rememberMany(3, (text) => {
    made.push(text);
    return text.length > 1;
  });
  expect(["a", "bb", "a", "bb", "a"].map(lengthOf)).toEqual([false, true, false, true, false]);
  expect(made).toEqual(["a", "bb"]);
});

test("with more texts than allowed, it forgets, and makes the same results again", () => {
  const made: string[] = [];
  const upper = rememberMany(2, (text) => {
    made.push(text);
    return text.toUpperCase();
  });
  expect(["a", "b", "c", "c", "a"].map(upper)).toEqual(["A", "B", "C", "C", "A"]);
  expect(made).toEqual(["a", "b", "c", "a"]);
});

test("an error is not remembered", () => {
  let isFailing = true;
  const text = rememberMany(2, (given) => {
    if (isFailing) throw new Error("no");
    return given;
  });
  expect(() => text("a")).toThrow("no");
  isFailing = false;
  expect(text("a")).toBe("a");
});
