import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { variableName } from "../src/config/declare/setting.js";
import { limitPaths } from "../src/config/limit-sections.js";
import { settings } from "../src/config/settings.js";

const settingsPage = readFileSync(new URL("../docs/reference/settings.md", import.meta.url), "utf8");
const limitsPage = readFileSync(new URL("../docs/reference/limits.md", import.meta.url), "utf8");

test.each(settings.map(({ option, secret }) => (secret === true ? variableName(option) : `--${option}`)))(
  "docs/reference/settings.md has the setting %s",
  (name) => {
    expect(settingsPage).toMatch(new RegExp(`^\\| .*${name}\\b`, "m"));
  },
);

test.each(limitPaths().map((path) => path.slice(1).join(".")))(
  "docs/reference/limits.md has the limit %s",
  (limit) => {
    expect(limitsPage).toMatch(new RegExp(`^\\| .*\`${limit.replace(".", "\\.")}\``, "m"));
  },
);
