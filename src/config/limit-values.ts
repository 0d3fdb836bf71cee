import type { Limit, LimitUnit } from "../limits/limit.js";
import type { Limits } from "./config.js";
import { limitSections } from "./limit-sections.js";

/** The value of a limit in a base unit of Prometheus. */
export interface LimitValue {
  /** The path below `limits` in the file, for instance `history.bytes`. */
  readonly name: string;
  readonly unit: "bytes" | "seconds" | "ratio" | "count";
  readonly value: number;
}

/** The value of every limit, in base units: milliseconds become seconds, and percentages become ratios. */
export function limitValues(limits: Limits): readonly LimitValue[] {
  const values = new Map(Object.entries(limits).flatMap(numbersOf));
  return Object.entries(limitSections).flatMap(([section, { isObject, limits: table }]) =>
    Object.entries<Limit>(table).map(([key, { unit }]) => {
      const name = isObject ? `${section}.${key}` : key;
      return { name, ...inBaseUnit(values.get(name) ?? Number.NaN, unit) };
    }),
  );
}

function numbersOf([name, value]: readonly [string, number | Readonly<Record<string, number>>]) {
  if (typeof value === "number") return [[name, value] as const];
  return Object.entries(value).map(([key, number]) => [`${name}.${key}`, number] as const);
}

function inBaseUnit(value: number, unit: LimitUnit): Omit<LimitValue, "name"> {
  if (unit === "ms") return { unit: "seconds", value: value / 1000 };
  if (unit === "percent") return { unit: "ratio", value: value / 100 };
  return { unit: unit === "" ? "count" : unit, value };
}
