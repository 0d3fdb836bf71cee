import { expect, it } from "vitest";
import { checkProject } from "../../scripts/layers/check-project.js";
import { tablePage } from "../../scripts/layers/checks/rooms-table.js";
import { exceptions } from "../../scripts/layers/rules/exceptions.js";
import { rooms as realRooms } from "../../scripts/layers/rules/rooms.js";
import { faultsOf, rooms } from "./made-up-project.js";

const a = "export const a = 1;\n";

function numbered(count: number, text: (i: number) => string): string[] {
  return Array.from({ length: count }, (_, i) => text(i));
}

it("finds no fault in this project", () => {
  const root = new URL("../..", import.meta.url).pathname;
  expect(checkProject(root, { rooms: realRooms, exceptions }).faults).toEqual([]);
});

it("finds no fault in a project that keeps the rules", () => {
  const files = {
    "src/low/a.ts": a,
    "src/high/b.ts":
      'import { readFileSync } from "node:fs";\nimport { a } from "../low/a.js";\nexport const b = 1;\n',
  };
  expect(faultsOf(files)).toEqual([]);
});

it("refuses files that import each other, even if one imports a type only", () => {
  const files = {
    "src/low/a.ts": 'import { b } from "./b.js";\nexport type A = number;\n',
    "src/low/b.ts": 'import type { A } from "./a.js";\nexport const b = 1;\n',
  };
  expect(faultsOf(files)).toEqual(["import cycle: src/low/a.ts -> src/low/b.ts -> src/low/a.ts"]);
});

it("refuses scripts that import each other", () => {
  const files = {
    "src/low/a.ts": a,
    "scripts/one.mjs": 'import "./two.mjs";\n',
    "scripts/two.mjs": 'export const load = () => import("./one.mjs");\n',
  };
  expect(faultsOf(files)).toEqual(["import cycle: scripts/one.mjs -> scripts/two.mjs -> scripts/one.mjs"]);
});

it("refuses folders that import each other, even if no files do", () => {
  const files = {
    "src/low/a.ts": 'import { b } from "./part/b.js";\nexport const a = b;\n',
    "src/low/c.ts": "export const c = 1;\n",
    "src/low/part/b.ts": 'import { c } from "../c.js";\nexport const b = c;\n',
  };
  expect(faultsOf(files)).toEqual([
    "folder cycle: src/low -> src/low/part -> src/low" +
      " (src/low/a.ts imports src/low/part/b.ts, src/low/part/b.ts imports src/low/c.ts)",
  ]);
});

it("refuses folders of scripts that import each other, and folders of scripts with 15 files", () => {
  const files = {
    "src/low/a.ts": a,
    "scripts/one/a.mjs": 'import "../two/b.mjs";\n',
    "scripts/one/c.mjs": a,
    "scripts/two/b.mjs": 'import "../one/c.mjs";\n',
    ...Object.fromEntries(numbered(15, (i) => `scripts/many/f${i}.mjs`).map((path) => [path, a])),
  };
  expect(faultsOf(files)).toEqual([
    "folder cycle: scripts/one -> scripts/two -> scripts/one" +
      " (scripts/one/a.mjs imports scripts/two/b.mjs, scripts/two/b.mjs imports scripts/one/c.mjs)",
    "scripts/many: 15 files in one folder; at most 14",
  ]);
});

it("counts each file directly in src/ as a folder of its own", () => {
  const root = { path: "root", about: "", rooms: ["low"], packages: [], knowsNothingOf: "" };
  const files = {
    "src/bottom.ts": "export const bottom = 1;\n",
    "src/low/a.ts": 'import { bottom } from "../bottom.js";\nexport const a = bottom;\n',
    "src/root.ts": 'import { a } from "./low/a.js";\nexport const root = a;\n',
  };
  const bottom = { ...root, path: "bottom", rooms: [] };
  const faults = faultsOf(files, { rooms: [bottom, ...rooms, root] });
  expect(faults.filter((fault) => fault.startsWith("folder cycle"))).toEqual([]);
});

it("refuses a folder with 15 files, not one with 14", () => {
  const files = (count: number) =>
    Object.fromEntries(numbered(count, (i) => `src/low/${i}.ts`).map((path) => [path, ""]));
  expect(faultsOf(files(15))).toEqual(["src/low: 15 files in one folder; at most 14"]);
  expect(faultsOf(files(14))).toEqual([]);
});

it("refuses a file of 351 lines, without those that are blank or comments", () => {
  const comments = ["// why", "/**", " * what", " */", "/* one line */", ""];
  const text = (count: number) =>
    [...comments, ...numbered(count, (i) => `export const a${i} = 1; // a`)].join("\n");
  expect(faultsOf({ "src/low/a.ts": text(351) })).toEqual([
    "src/low/a.ts: 351 lines without blanks and comments; at most 350",
  ]);
  expect(faultsOf({ "src/low/a.ts": text(350) })).toEqual([]);
});

it("accepts a file that is too large if an exception names it", () => {
  const text = numbered(351, () => "void 0;").join("\n");
  const exception = { path: "src/low/a.ts", reason: "one table" };
  expect(faultsOf({ "src/low/a.ts": text }, { exceptions: [exception] })).toEqual([]);
});

it("refuses six exceptions, and an exception without need", () => {
  const text = numbered(351, () => "void 0;").join("\n");
  const paths = numbered(6, (i) => `src/low/${i}.ts`);
  const six = paths.map((path) => ({ path, reason: "one table" }));
  const files = Object.fromEntries(paths.map((path) => [path, text]));
  expect(faultsOf(files, { exceptions: six })).toEqual(["6 exceptions; at most 5 are allowed"]);
  expect(faultsOf({ "src/low/a.ts": a }, { exceptions: six.slice(0, 1) })).toEqual([
    "src/low/0.ts: the exception is not needed; remove it",
  ]);
});

it("refuses a protocol that imports another, even if the table allows it", () => {
  const files = {
    "src/protocols/one/a.ts": a,
    "src/protocols/two/b.ts": 'import { a } from "../one/a.js";\nexport const b = a;\n',
    "src/protocols/all.ts": 'import { b } from "./two/b.js";\nexport const all = [b];\n',
  };
  expect(faultsOf(files)).toEqual([
    "src/protocols/two/b.ts: the protocol two imports another, src/protocols/one/a.ts",
  ]);
});

it("refuses a name that two files export", () => {
  const files = { "src/low/a.ts": a, "src/high/a.ts": "interface Inner {}\nexport { type Inner as a };\n" };
  expect(faultsOf(files)).toEqual(["a is exported by src/high/a.ts and src/low/a.ts; rename one"]);
});

it("accepts a type and a value of one name in one file, and overloads", () => {
  const text =
    "export const A = 1;\nexport type A = 1;\nexport function f(a: 1): 1;\nexport function f(a: 2): 2;\n";
  expect(faultsOf({ "src/low/a.ts": text })).toEqual([]);
});

it("refuses re-exports, except those of the entries", () => {
  const index = { path: "index", about: "", rooms: ["low"], packages: [], knowsNothingOf: "" };
  const files = {
    "src/low/a.ts": a,
    "src/high/b.ts": 'export { a } from "../low/a.js";\nexport * from "../low/a.js";\n',
    "src/index.ts": 'export { a } from "./low/a.js";\n',
  };
  const faults = faultsOf(files, { rooms: [...rooms, index] });
  expect(faults).toContain("src/high/b.ts: exports a again; import it from the file that declares it");
  expect(faults).toContain("src/high/b.ts: export * hides which names it exports; list them");
  expect(faults.filter((fault) => fault.startsWith("src/index.ts"))).toEqual([]);
});

it("refuses an import upward, even of a type only", () => {
  const files = {
    "src/low/a.ts": 'import type { B } from "../high/b.js";\nexport type A = B;\n',
    "src/high/b.ts": "export type B = number;\n",
  };
  expect(faultsOf(files)).toEqual(["src/low/a.ts: imports src/high/b.ts; low may import none"]);
});

it("refuses a table in which a room may import one that is listed after it", () => {
  expect(faultsOf({ "src/low/a.ts": a }, { rooms: rooms.toReversed() })).toContain(
    "the room high may import low, which is no room listed before it",
  );
});

it("refuses a package that the room may not use", () => {
  const files = { "src/low/a.ts": 'import type { Socket } from "node:net";\nexport type A = Socket;\n' };
  expect(faultsOf(files)).toEqual(["src/low/a.ts: imports the package node:net; low may use none"]);
});

it("refuses a file that belongs to no room", () => {
  expect(faultsOf({ "src/lower/a.ts": a })).toEqual([
    "src/lower/a.ts: belongs to no room; add one to the table",
  ]);
});

it("refuses a page whose table is out of date, or that has none", () => {
  const files = { "src/low/a.ts": a };
  const renamed = [...rooms, { ...rooms[0]!, path: "attic" }];
  expect(faultsOf(files, { rooms: renamed })).toEqual([
    `${tablePage}: the table of rooms is out of date; run npm run layers -- --write`,
  ]);
  expect(faultsOf({ ...files, [tablePage]: "# Rooms\n" })).toEqual([
    `${tablePage}: lacks the markers of the table of rooms`,
  ]);
});
