import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { boxes } from "./boxes.js";

const folder = new URL(".", import.meta.url).pathname;
const tests = readdirSync(folder, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => readFileSync(join(folder, path), "utf8"))
  .join("\n");
const tested = [...tests.matchAll(/\bbox\(\s*"([^"]+)",\s*"([^"]+)",/g)].map(([, heading, name]) => [
  heading,
  name,
]);

it.each(Object.entries(boxes))("each box of %s has its table, once", (heading, names) => {
  const found = tested.flatMap(([of, name]) => (of === heading ? [name] : []));
  expect(new Set(found)).toEqual(new Set(names));
  expect(found).toHaveLength(names.length);
});
