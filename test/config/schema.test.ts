import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { variableName } from "../../src/config/declare/setting.js";
import { limitPaths } from "../../src/config/limit-sections.js";
import { configJsonSchema, configSchema, settings } from "../../src/config/settings.js";

const published = JSON.parse(readFileSync(new URL("../../config.schema.json", import.meta.url), "utf8"));

test("config.schema.json is what `pharos config-schema` prints", () => {
  expect(published).toEqual(configJsonSchema());
});

test.each(settings)("--$option says what it is for", ({ key, help }) => {
  expect(help).toMatch(/^.{20,}\.$/s);
  expect(published.properties[key].description.startsWith(help)).toBe(true);
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

test("every limit of the schema is in a section of the reference", () => {
  const names = Object.entries<Parts>(published.properties.limits.properties).flatMap(
    ([name, { properties }]) =>
      properties === undefined ? [name] : Object.keys(properties).map((leaf) => `${name}.${leaf}`),
  );
  expect(limitPaths().map((path) => path.slice(1).join("."))).toEqual(expect.arrayContaining(names));
  expect(limitPaths()).toHaveLength(names.length);
});

interface Parts {
  readonly properties?: object;
}

function at(schema: { properties: Record<string, never> }, [name = "", ...rest]: readonly string[]): unknown {
  const part = schema.properties[name];
  return part === undefined || rest.length === 0 ? part : at(part, rest);
}
