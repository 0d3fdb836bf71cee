import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { configJsonSchema, configSchema } from "../../src/config/schema.js";
import { describeSetting, settings, variableName } from "../../src/config/settings.js";
import { limitPaths } from "../../src/config/sources.js";

const published = JSON.parse(readFileSync(new URL("../../config.schema.json", import.meta.url), "utf8"));

test("config.schema.json is what `pharos config-schema` prints", () => {
  expect(published).toEqual(configJsonSchema());
});

test.each(settings)("--$option says what it is for", (setting) => {
  expect(describeSetting(setting)).toMatch(/^.{20,}\.$/s);
});

test.each(limitPaths().map((path) => [path.join("."), path] as const))(
  "%s says what it is for",
  (_, path) => {
    expect(at(published, path)).toMatchObject({
      description: expect.stringMatching(/^.{20,}\.$/s),
      default: expect.any(Number),
    });
  },
);

test("every setting but the limits and the list of issuers has one option and one variable", () => {
  const inFile = new Set(["$schema", "limits", "tokens"]);
  const named = Object.keys(configSchema.shape).filter((key) => !inFile.has(key));
  expect(settings.map(({ key }) => key).toSorted()).toEqual(named.toSorted());
  expect(new Set(settings.map(({ option }) => variableName(option))).size).toBe(settings.length);
});

function at(schema: { properties: Record<string, never> }, [name = "", ...rest]: readonly string[]): unknown {
  const part = schema.properties[name];
  return part === undefined || rest.length === 0 ? part : at(part, rest);
}
