import { PharosError } from "../../base/errors.js";

/**
 * Refuses what stands in the path of a subscription and can never be asked for there: URL parsers take dot segments out,
 * `%2E` and `%2e%2E` among them [WHATWG URL 4.4], and there is no further way to write them.
 *
 * @throws PharosError `bad-filter` for `.` and `..`
 */
export function refuseDotSegment(matcher: string): void {
  if (matcher !== "." && matcher !== "..") return;
  throw new PharosError("bad-filter", "a matcher must not be . or .., which no URL can hold as a segment");
}
