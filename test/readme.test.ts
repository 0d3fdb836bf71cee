import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { settings, variableName } from "../src/config/settings.js";
import { limitPaths } from "../src/config/sources.js";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

test.each(settings.map(({ option, secret }) => (secret === true ? variableName(option) : `--${option}`)))(
  "the README has the setting %s",
  (name) => {
    expect(readme).toMatch(new RegExp(`^\\| .*${name}\\b`, "m"));
  },
);

test.each(limitPaths().map((path) => path.slice(1).join(".")))("the README has the limit %s", (limit) => {
  expect(readme).toMatch(new RegExp(`^\\| .*\`${limit.replace(".", "\\.")}\``, "m"));
});
