import { expect, it } from "vitest";
import { parseSource } from "../../scripts/layers/source/parse-source.js";

it.each([
  ['import a from "x";', ["x"]],
  ['import "x";', ["x"]],
  ['import type { A } from "x";', ["x"]],
  ['import {\n  a,\n  type B,\n} from "x";', ["x"]],
  ['export { a } from "x";', ["x"]],
  ['export * from "x";', ["x"]],
  ['const a = await import("x");', ["x"]],
  ['type A = import("x").A;', ["x"]],
  ['declare module "m" {\n  import type { A } from "x";\n}', ["x"]],
  ['// import "x";\n/* import "y"; */', []],
  ['export const a = 1;\nconst b = ["from", "x"];', []],
  ['import {\n  a, // it\'s one\n  b,\n} from "x";', ["x"]],
  ['const a = await import(/* later */ "x");', ["x"]],
  ["const a = await import(`x`);", ["x"]],
  ['/* first */ import a from "x";', ["x"]],
  ['const a = "http://y"; // import("y")\nimport "x";', ["x"]],
  ['const a = /["/*]/g;\nimport "x";', ["x"]],
  ['const a = `${b ? `//` : "/*"}`;\nimport "x";', ["x"]],
  ['const a = b / 2; // it\'s half\nimport "x";', ["x"]],
])("finds the imports of %j", (text, specifiers) => {
  expect(parseSource(text).specifiers).toEqual(specifiers);
});

it.each([
  ["export const a = 1;", ["a"]],
  ["export async function a() {}", ["a"]],
  ["export function* a() {}", ["a"]],
  ["export abstract class A {}", ["A"]],
  ["export interface A {}", ["A"]],
  ["export type A = 1;", ["A"]],
  ["const a = 1;\nclass B {}\nexport { a as c, type B };", ["c", "B"]],
  ["  export const inner = 1;", []],
  ["export const enum A {\n  b = 1,\n}", ["A"]],
  ["export const a = 1, b = 2;", ["a", "b"]],
  ["export const a: Map<string, number> = f(1, 2),\n  b = { c, d: [e, f] };", ["a", "b"]],
  ["export const a = <K, V = string>(k: K, v: V) => k > v, b = 2;", ["a", "b"]],
  ["export const { a, b: c, d = 1, ...e } = f;", ["a", "c", "d", "e"]],
  ["export const [a, b] = [c, d];", ["a", "b"]],
  ['export const a = "x, b = 1; // ";', ["a"]],
  ["/* first */ export const a = 1;", ["a"]],
  ['export { a } from "x";', []],
])("finds the names that are exported by %j", (text, names) => {
  expect(parseSource(text).exportedNames).toEqual(names);
});

it.each([
  ["const a = 1;\n\n// one\n/* two\n */\nconst b = 2; // three\n", 2],
  ["/* one */ const a = 1;\n", 1],
  ["const a = `\n// text\n`;\n", 3],
])("counts the lines with code of %j", (text, lines) => {
  expect(parseSource(text).codeLines).toBe(lines);
});
