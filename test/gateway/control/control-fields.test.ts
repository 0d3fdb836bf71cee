import { expect, it } from "vitest";
import { ControlFields } from "../../../src/gateway/control/control-fields.js";

const fields = (value: unknown): ControlFields<"a"> => new ControlFields({ a: value });

it("accepts a text that a token can have", () => {
  expect(fields("x".repeat(65_536)).text("a")).toHaveLength(65_536);
  expect(fields(undefined).text("a")).toBeUndefined();
  for (const wrong of ["x".repeat(65_537), "", 1, null, [], {}])
    expect(() => fields(wrong).text("a")).toThrow("a must be a text of 1 to 65536 characters, not ");
});

it("accepts a time from 0 to the latest one", () => {
  const what = "seconds";
  expect([0, 1.5, 10].map((time) => fields(time).time("a", { most: 10, what }))).toEqual([0, 1.5, 10]);
  expect(fields(undefined).time("a", { most: 10, what })).toBeUndefined();
  for (const wrong of [-1, 10.1, "1", null, Infinity])
    expect(() => fields(wrong).time("a", { most: 10, what })).toThrow("a must be seconds, not ");
});
