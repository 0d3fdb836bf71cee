import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

const pages = [
  "README.md",
  "CHANGELOG.md",
  ...markdownBelow("docs"),
  ...markdownBelow("examples"),
].toSorted();

test("the README has at most 150 lines", () => {
  const lines = readFileSync(join(root, "README.md"), "utf8").trimEnd().split("\n");
  expect(lines.length).toBeLessThanOrEqual(150);
});

test.each(pages)(
  "every relative link and anchor in %s leads to a file, or to a folder with a README",
  (page) => {
    const broken = linksOf(proseOf(page)).filter((link) => !resolves(page, link));
    expect(broken).toEqual([]);
  },
);

test("every page below docs/ is listed in docs/README.md", () => {
  const listed = new Set(linksOf(proseOf("docs/README.md")).map((link) => join("docs", link)));
  const generated = /^docs\/bench(marks)?\//;
  const missing = markdownBelow("docs").filter(
    (page) => page !== "docs/README.md" && !generated.test(page) && !listed.has(page),
  );
  expect(missing).toEqual([]);
});

test.each([
  ["architecture.md", 50],
  ["adding.md", 20],
])("every source file that docs/internals/%s names exists", (name, least) => {
  const page = readFileSync(join(root, "docs/internals", name), "utf8");
  const named = new Set([...page.matchAll(/\b[a-z0-9-]+(?:\/[a-z0-9-]+)+\.ts\b/g)].map(([path]) => path));
  expect(named.size).toBeGreaterThan(least);
  const missing = [...named].filter(
    (path) => !existsSync(join(root, "src", path)) && !existsSync(join(root, path)),
  );
  expect(missing).toEqual([]);
});

test.each([
  ["architecture.md", 5],
  ["adding.md", 1],
])("every member that docs/internals/%s names is in src/", (name, least) => {
  const page = readFileSync(join(root, "docs/internals", name), "utf8");
  const named = [...page.matchAll(/`([A-Z]\w*)?([.#])([a-z]\w*)(?:\(\))?`/g)].filter(
    ([, type, sign]) => (type === undefined) === (sign === "#"),
  );
  expect(named.length).toBeGreaterThanOrEqual(least);
  const missing = named.filter(([, type, , member = ""]) => !isDeclared(type, member));
  expect(missing.map(([text]) => text)).toEqual([]);
});

/** True if a source file contains the name `member`. If `type` is given, the file must also declare this type. */
function isDeclared(type: string | undefined, member: string): boolean {
  const files = sources().filter((text) => type === undefined || declares(text, type));
  const name = type === undefined ? new RegExp(`#${member}\\b`) : new RegExp(`\\b${member}\\b`);
  return files.some((text) => name.test(text));
}

function declares(text: string, type: string): boolean {
  return new RegExp(`\\b(?:class|interface|type) ${type}\\b`).test(text);
}

function sources(): readonly string[] {
  return readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => readFileSync(join(root, "src", file), "utf8"));
}

function markdownBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".md"))
    .map((file) => join(folder, file));
}

/** The text of a page without code, because brackets in code are not links. */
function proseOf(page: string): string {
  return readFileSync(join(root, page), "utf8")
    .replaceAll(/^(```+)[^\n]*\n[\s\S]*?^\1$/gm, "")
    .replaceAll(/<!--[\s\S]*?-->/g, "");
}

/** The targets of inline links and images, except those with a URL scheme. */
function linksOf(text: string): string[] {
  const prose = text.replaceAll(/`[^`\n]*`/g, "code");
  return [...prose.matchAll(/\]\(([^()\s]+)\)/g)]
    .map(([, target = ""]) => target)
    .filter((target) => !/^[a-z]+:/i.test(target));
}

function resolves(page: string, link: string): boolean {
  const [path = "", anchor] = link.split("#");
  const target = path === "" ? page : relative(root, resolve(root, dirname(page), path));
  if (target.startsWith("..") || !existsSync(join(root, target))) return false;
  if (statSync(join(root, target)).isDirectory())
    return anchor === undefined && existsSync(join(root, target, "README.md"));
  return anchor === undefined || anchorsOf(target).has(anchor);
}

/**
 * The anchors that GitHub generates for headings: letters and digits, spaces as hyphens, and a number after a repeated
 * anchor.
 */
function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ""] of proseOf(page).matchAll(/^#{1,6} +(.+?)\s*$/gm)) {
    const slug = slugOf(heading);
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n++) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

function slugOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1");
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .replaceAll(" ", "-");
}
