import { z } from "zod";

export interface NumberRange {
  readonly from: number;
  readonly to: number;
}

/** A whole number. The message of an issue names the range. */
export function wholeNumber({ from, to }: NumberRange): z.ZodNumber {
  const allowed = `a whole number from ${from} to ${to}`;
  return z.number({ error: allowed }).int(allowed).min(from, allowed).max(to, allowed);
}

/** A number of seconds, fractions included. The message of an issue names the range. */
export function seconds({ from, to }: NumberRange): z.ZodNumber {
  const allowed = `a number of seconds from ${from} to ${to}`;
  return z.number({ error: allowed }).min(from, allowed).max(to, allowed);
}
