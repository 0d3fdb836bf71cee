import type { Spread } from "../../statistics/spread.js";
import { numberText } from "./number-text.js";

/** `MEDIAN (MINIMUM to MAXIMUM)`, or the median alone if all turns were equal. */
export function spreadText(spread: Spread | undefined): string {
  if (spread === undefined) return "";
  const { median, min, max } = spread;
  return min === max
    ? numberText(median)
    : `${numberText(median)} (${numberText(min)} to ${numberText(max)})`;
}
