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
  ['export { a } from "x";', []],
])("finds the names that are exported by %j", (text, names) => {
  expect(parseSource(text).exportedNames).toEqual(names);
});
