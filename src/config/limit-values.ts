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

/** The base unit of each unit, and how many of the latter are one of the former. */
const baseUnits = {
  "": { baseUnit: "count", perUnit: 1 },
  bytes: { baseUnit: "bytes", perUnit: 1 },
  seconds: { baseUnit: "seconds", perUnit: 1 },
  ms: { baseUnit: "seconds", perUnit: 1000 },
  percent: { baseUnit: "ratio", perUnit: 100 },
} as const satisfies Readonly<
  Record<LimitUnit, { readonly baseUnit: LimitValue["unit"]; readonly perUnit: number }>
>;

/** The value of every limit, in base units: milliseconds become seconds, and percentages become ratios. */
export function limitValues(limits: Limits): readonly LimitValue[] {
  const values = new Map(Object.entries(limits).flatMap(numbersOf));
  return Object.entries(limitSections).flatMap(([section, { isObject, limits: table }]) =>
    Object.entries<Limit>(table).map(([key, { unit }]) => {
      const name = isObject ? `${section}.${key}` : key;
      const { baseUnit, perUnit } = baseUnits[unit];
      return { name, unit: baseUnit, value: (values.get(name) ?? Number.NaN) / perUnit };
    }),
  );
}

function numbersOf([name, value]: readonly [string, number | Readonly<Record<string, number>>]) {
  if (typeof value === "number") return [[name, value] as const];
  return Object.entries(value).map(([key, number]) => [`${name}.${key}`, number] as const);
}
