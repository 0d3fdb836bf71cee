import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pagesWithFiles, withDeployFiles } from "../scripts/reference/deploy-files.js";
import { pages } from "../scripts/reference/pages.js";
import { errorCodes } from "../src/base/errors.js";
import { counters, gauges, histograms, metricPrefix, summaries } from "../src/base/metrics.js";
import { variableName } from "../src/config/declare/setting.js";
import { limitPaths } from "../src/config/limit-sections.js";
import { settings } from "../src/config/settings.js";

function reference(name: string): string {
  return readFileSync(new URL(`../docs/reference/${name}`, import.meta.url), "utf8");
}

/** Matches a line of a table that has this text. */
function row(text: string): RegExp {
  return new RegExp(String.raw`^\| .*${text.replaceAll(".", String.raw`\.`)}`, "m");
}

test.each(Object.entries(pages))("docs/reference/%s is what npm run reference writes", (name, render) => {
  expect(reference(name)).toBe(render());
});

test.each(pagesWithFiles)("%s shows the files of deploy/ as they are", (page) => {
  expect(readFileSync(new URL(`../${page}`, import.meta.url), "utf8")).toBe(withDeployFiles(page));
});

test.each(settings.map(({ option, secret }) => (secret === true ? variableName(option) : `--${option}`)))(
  "the reference has the setting %s",
  (name) => {
    expect(reference("settings.md")).toMatch(row(`${name}\\b`));
  },
);

test.each(limitPaths().map((path) => path.slice(1).join(".")))("the reference has the limit %s", (limit) => {
  expect(reference("limits.md")).toMatch(row(`\`${limit}\``));
});

test.each(Object.keys({ ...counters, ...gauges, ...histograms, ...summaries }))(
  "the reference has the metric %s",
  (name) => {
    expect(reference("metrics.md")).toMatch(row(`\`${metricPrefix}${name}\``));
  },
);

test.each(Object.keys(errorCodes))("the reference has the error %s", (code) => {
  expect(reference("errors.md")).toMatch(row(`\`${code}\``));
});

test("the reference has the defaults of the declarations", () => {
  expect(reference("settings.md")).toMatch(/^\| `--heartbeat SECONDS` \| `PHAROS_HEARTBEAT` \| `15` \|/m);
  expect(reference("limits.md")).toMatch(/^\| `history\.bytes` \| 256 MiB \|/m);
});
