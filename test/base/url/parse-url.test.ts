import { readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { parseUrl } from "../../../src/base/url/parse-url.js";

it.each([
  ["https://example.org/a", undefined, "https://example.org/a"],
  ["../b", "https://example.org/a/c", "https://example.org/b"],
  ["news", undefined, undefined],
  ["https://[", "https://example.org/", undefined],
])("%s relative to %s is %s", (text, base, href) => {
  expect(parseUrl(text, base)?.href).toBe(href);
});

// The compiled form of URL.canParse refused such URLs, so a setting was refused or not, depending on the time.
it("parses a URL with characters of Latin-1 each time, also when the engine has compiled the call", () => {
  const wrong = Array.from({ length: 20_000 }, () => parseUrl("https://b\u{fc}cher.example")?.host).filter(
    (host) => host !== "xn--bcher-kva.example",
  );
  expect(wrong).toEqual([]);
});

it("is what all sources call in place of URL.canParse", () => {
  const folder = new URL("../../../src/", import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  expect(files.length).toBeGreaterThan(400);
  expect(
    files.filter((file) => readFileSync(new URL(file, folder), "utf8").includes("URL.canParse(")),
  ).toEqual([]);
});
