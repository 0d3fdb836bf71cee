import { expect, test } from "vitest";
import { z } from "zod";

import { listOf, setting, textOf } from "../../src/config/declare/setting.js";
import { wholeNumber } from "../../src/config/values/number.js";
import { limitSections } from "../../src/config/limit-sections.js";
import { helpOf, settings } from "../../src/config/settings.js";

const words = { option: "box-size", argument: "<COUNT>", help: "Size of a `box`." };

test("form, description and default of a setting follow from its declaration", () => {
  const declared = setting({ ...words, value: wholeNumber({ from: 1, to: 9 }), default: 3 });
  expect(declared).toMatchObject({ form: "number", byDefault: "3" });
  expect(declared.schema.description).toBe("Size of a `box`.");
  expect(declared.schema.parse(undefined)).toBe(3);
  expect(helpOf(declared)).toBe("Size of a box. Default: 3. [PHAROS_BOX_SIZE]");
});

test("a list is repeatable, and an empty one is no default for people", () => {
  const declared = setting({ ...words, value: listOf(z.string()), default: [] });
  expect(declared).toMatchObject({ form: "list" });
  expect(declared).not.toHaveProperty("byDefault");
  expect(helpOf(declared)).toBe("Size of a box. Repeatable. [PHAROS_BOX_SIZE]");
});

test("a setting without a default is absent until somebody gives it", () => {
  const declared = setting({ ...words, value: textOf("a text"), otherwise: "the `largest`" });
  expect(declared.schema.parse(undefined)).toBeUndefined();
  expect(declared.schema.description).toBe("Size of a `box`. Default: the `largest`.");
  expect(helpOf(declared)).toBe("Size of a box. Default: the largest. [PHAROS_BOX_SIZE]");
});

test("no option or variable is declared twice", () => {
  expect(new Set(settings.map(({ option }) => option)).size).toBe(settings.length);
});

test.each(Object.entries(limitSections))("the limits of %s allow their defaults", (_, { limits }) => {
  for (const limit of Object.values(limits)) {
    expect(limit.default).toBeGreaterThanOrEqual(limit.from);
    expect(limit.default).toBeLessThanOrEqual(limit.to);
  }
});
