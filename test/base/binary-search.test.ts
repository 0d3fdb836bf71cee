import { expect, it } from "vitest";
import { countLeading } from "../../src/base/binary-search.js";

it.each([0, 1, 2, 3, 7, 8, 100])("finds every border among %i items", (length) => {
  for (let border = 0; border <= length; border += 1)
    expect(countLeading(length, (index) => index < border)).toBe(border);
});
